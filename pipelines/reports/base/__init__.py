"""What the forms of report share: the gallery and its thumbnails."""
