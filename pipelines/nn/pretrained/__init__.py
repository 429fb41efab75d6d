"""Networks that others trained, and the files that their weights come in."""
