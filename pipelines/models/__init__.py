"""Models: lines + hints -> colour, one file a model."""
