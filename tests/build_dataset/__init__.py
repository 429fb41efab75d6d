"""Tests of the stage build-dataset."""
