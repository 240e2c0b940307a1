"""The rules, by their own examples."""
