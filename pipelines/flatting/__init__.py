"""Flat colour from hints or a palette, region by region."""
