"""Measurements of GAL's speed: never part of the tests, which do not depend on the machine."""
