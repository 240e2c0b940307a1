"""Files with known findings, and the linter as a user calls it."""

from __future__ import annotations

from pathlib import Path

from gal.cli.group import run

SHOP = """\
_format_version: "3.0"
services:
- name: shop
  url: http://shop.internal
  routes:
  - {name: shop, paths: [/shop]}
  plugins:
  - name: cors
    config:
      origins: ["*"]
      credentials: true
"""
"""Has GAL030 at line 3 and GAL001 at line 11."""

ONLY = ("--select", "GAL001,GAL030,GAL19", "--no-config")


def put(name: str, text: str) -> str:
    """Write a file in the current folder."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return name


def codes(out: str) -> list[str]:
    """Line and code of every finding of the format `concise`."""
    found = []
    for line in out.splitlines():
        _, number, _, rest = line.split(":", 3)
        found.append(f"{number}:{rest[rest.index('[') + 1 : rest.index(']')]}")
    return found


def lint(*arguments: str) -> int:
    """The exit code of a run of the linter."""
    return run(["lint", *arguments])
