"""Colours of areas from finished pictures: of the same drawing, or of another."""
