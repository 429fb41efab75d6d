"""Models: lines + hints -> colour, one file or package a model."""

DEFAULT_MODEL = "fillnet"
"""What colours where nothing else is asked for: its weights are shipped."""

DEFAULT_LEARNER = "pix2pix"
"""What is trained where nothing else is asked for."""
