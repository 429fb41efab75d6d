"""Hints keep their exact colours (`--snap`), whatever a network painted where they lie."""
