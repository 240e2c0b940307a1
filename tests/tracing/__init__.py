"""Tests of `gal.tracing`."""
