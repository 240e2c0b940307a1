"""`gal rules`: the rules that `gal lint` has."""

from __future__ import annotations

import json
import sys

import click


@click.command(name="rules")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(("text", "json")),
    default="text",
    show_default=True,
    help="Format of the list.",
)
def command(output_format: str) -> None:
    """List the rules of gal lint.

    `gal explain CODE` says more of each.
    """
    from tabulate import tabulate

    from gal.lint.pages import everything

    rules = everything()
    if output_format == "json":
        data = [
            {
                "code": rule.code,
                "name": rule.name,
                "title": rule.title,
                "severity": rule.severity.value,
                "confidence": rule.confidence.value,
                "persona": rule.persona.value,
                "fix": rule.fix.value if rule.fix else None,
                "cwe": [f"CWE-{number}" for number in rule.cwe],
                "owasp": [f"{name}:2023" for name in rule.owasp],
                "options": dict(rule.options),
            }
            for rule in rules
        ]
        sys.stdout.write(json.dumps(data, indent=2) + "\n")
        return
    rows = [
        (rule.code, rule.name, rule.severity.value, rule.persona.value, rule.title)
        for rule in rules
    ]
    headers = ("code", "name", "severity", "persona", "what it finds")
    sys.stdout.write(tabulate(rows, headers=headers, disable_numparse=True) + "\n")
