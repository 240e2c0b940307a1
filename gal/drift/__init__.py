"""Semantic difference between two configurations (`gal drift`)."""
