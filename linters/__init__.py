"""Linters: one module a rule, each looking at the model and reporting findings."""

from __future__ import annotations

# The folder stands at the top of a checkout, so a second name would load a second copy of
# every module below it, and `isinstance` between the two would lie.
if __name__ != "gal.linters":
    raise ImportError("import this package as gal.linters", name=__name__)
