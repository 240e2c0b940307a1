"""What the linter does with what rules find."""
