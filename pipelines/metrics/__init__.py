"""Metrics: a result and what it should be -> a number."""
