"""What a gateway does with a request, told from its model: `gal.trace`."""

from __future__ import annotations
