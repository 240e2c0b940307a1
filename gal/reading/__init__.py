"""Located reading: YAML, JSON and TOML as values that know their file, line and column."""

from __future__ import annotations

from gal.reading.document import Document, Format, walk_untaken
from gal.reading.files import read_documents, read_file
from gal.reading.mapping import Mapping
from gal.reading.nodes import Node, Scalar, Sequence
from gal.reading.placeholders import Placeholder, find_placeholders, is_placeholder
from gal.reading.scalars import Verbatim
from gal.reading.source import Source

__all__ = [
    "Document",
    "Format",
    "Mapping",
    "Node",
    "Placeholder",
    "Scalar",
    "Sequence",
    "Source",
    "Verbatim",
    "find_placeholders",
    "is_placeholder",
    "read_documents",
    "read_file",
    "walk_untaken",
]
