"""Tests of `gal.verify`."""
