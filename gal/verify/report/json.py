"""The report for programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gal.verify.report.told import all_told, headline, kinds

if TYPE_CHECKING:
    from gal.verify.verification import Verification


def render(result: Verification) -> str:
    """Counts by kind, and a list of disagreements."""
    data: dict[str, Any] = {
        "verdict": headline(result),
        "gateways": [
            {"name": name, "asked": way}
            for name, way in zip(result.names, result.ways, strict=True)
        ],
        "probes": {
            "sent": result.sent,
            "left": result.left,
            "kinds": [
                {"kind": kind, "alike": alike, "differ": differ, "not_compared": left}
                for kind, alike, differ, left in kinds(result)
            ],
        },
        "disagreements": [
            {
                "kind": one.kind,
                "about": one.about,
                "request": list(one.request),
                "messages": list(one.messages),
                "observed": [one.first, one.second],
                "positions": list(one.places),
            }
            for one in all_told(result)
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
