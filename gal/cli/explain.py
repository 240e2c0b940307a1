"""`gal explain`: what a rule is about."""

from __future__ import annotations

import sys
from difflib import get_close_matches

import click

from gal.errors import UsageError


@click.command(name="explain")
@click.argument("word", metavar="CODE")
def command(word: str) -> None:
    """Say what a rule of gal lint is about, with examples.

    CODE is its code or its name.
    """
    from gal.lint.pages import everything, known, page

    found = known(word)
    if found is None:
        names = [name for rule in everything() for name in (rule.code, rule.name)]
        near = get_close_matches(word, names, 1)
        hint = f"; did you mean {near[0]}?" if near else "; gal rules lists them"
        raise UsageError(f'"{word}" is no rule{hint}')
    sys.stdout.write(page(found))
