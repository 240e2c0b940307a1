"""Tests of the located reader."""
