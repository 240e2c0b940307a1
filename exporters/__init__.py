"""Exporters: one package a provider, each turning the model into a document."""

from __future__ import annotations

# The folder stands at the top of a checkout, so a second name would load a second copy of
# every module below it, and `isinstance` between the two would lie.
if __name__ != "gal.exporters":
    raise ImportError("import this package as gal.exporters", name=__name__)
