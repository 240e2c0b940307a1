"""Tests of GAL."""
