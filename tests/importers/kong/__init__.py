"""Tests of the importer for Kong."""
