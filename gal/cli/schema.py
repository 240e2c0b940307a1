"""`gal schema`: the JSON Schema of GAL's YAML."""

from __future__ import annotations

import json
import sys

import click


@click.command(name="schema")
def command() -> None:
    """Print the JSON Schema of GAL's YAML, for editors."""
    from gal.codec import json_schema

    sys.stdout.write(json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n")
