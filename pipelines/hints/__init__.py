"""Hint methods: picture -> colour hints, one file a method."""
