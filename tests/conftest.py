"""Settings that all tests share."""

from __future__ import annotations

import os

from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    # A run that checks a change tries the same data every time; elsewhere each run tries others.
    settings.load_profile("ci")
