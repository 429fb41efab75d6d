"""The floor: files, colours, settings and batches; it knows no algorithm."""
