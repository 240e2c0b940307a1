"""Which route wins, by each gateway's own rules."""
