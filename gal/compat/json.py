"""The answers as JSON, for programs."""

from __future__ import annotations

import json
from typing import Any

from gal.compat.compare import Answer, Compatibility


def as_json(found: Compatibility) -> str:
    """One object: `version`, `source`, `gateways`, `features` (a list, in the model's order)."""
    data = {
        "version": "1.0",
        "source": found.source,
        "gateways": found.gateways,
        "features": [
            {
                "name": feature.name,
                "places": feature.places,
                "answers": {name: _answer(feature.answers[name]) for name in found.gateways},
            }
            for feature in found.features
        ],
    }
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "verdict": answer.verdict.value,
        "closed": answer.closed,
        "reasons": [
            {"level": one.level.value, "message": one.message, "places": list(one.places)}
            for one in answer.reasons
        ],
    }
