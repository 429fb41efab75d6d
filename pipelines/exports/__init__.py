"""Layered formats: a document in layers -> files that painting programs and scripts open."""
