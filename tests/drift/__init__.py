"""What `gal drift` tells of two configurations."""
