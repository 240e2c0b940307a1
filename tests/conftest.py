"""Settings that all tests share."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    # A run that checks a change tries the same data every time; elsewhere each run tries others.
    settings.load_profile("ci")


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--regen`: rewrite what the cases of `fixtures/` say of the providers."""
    parser.addoption("--regen", action="store_true", help="rewrite fixtures/ and docs/features.md")


def pytest_configure(config: pytest.Config) -> None:
    """Rewrite the cases before they are collected."""
    if not config.getoption("--regen", default=False):
        return
    if os.environ.get("CI"):
        raise pytest.UsageError("--regen: CI checks the cases, and never rewrites them")
    from tests.cases.regen import regenerate

    regenerate()
