"""Datasets of pairs: where files lie, splits, manifests, pairing, curation."""
