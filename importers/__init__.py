"""Importers: one package a provider, each turning a located document into the model."""

from __future__ import annotations

# The folder stands at the top of a checkout, so a second name would load a second copy of
# every module below it, and `isinstance` between the two would lie.
if __name__ != "gal.importers":
    raise ImportError("import this package as gal.importers", name=__name__)
