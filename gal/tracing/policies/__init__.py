"""What each policy does with a request: one function a policy."""

from __future__ import annotations
