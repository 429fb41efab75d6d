"""Formats taken apart where no library does it right: what a file is by its first bytes, TIFF, BMP."""
