"""Tests of `gal.trace`."""
