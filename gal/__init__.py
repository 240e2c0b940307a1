"""GAL, the gateway abstraction layer: move, lint and compare API gateway configuration.

Importing this package costs little more than starting Python: a public name is loaded from
its own module when it is first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gal.drift.change import Change as Change
    from gal.drift.change import Drift as Drift
    from gal.drift.engine import compare as compare
    from gal.tracing.decision import Decision as Decision
    from gal.tracing.request import Request as Request
    from gal.tracing.request import parse_request as parse_request
    from gal.tracing.tracer import Tracer as Tracer
    from gal.tracing.tracer import trace as trace

__version__ = "0.1.0"

# A public name stands three times: here, in `__all__`, and, for type checkers, as an import
# (`from gal.x import Name as Name`) in the block above.
_MODULES: Final[Mapping[str, str]] = {
    "Change": "gal.drift.change",
    "Decision": "gal.tracing.decision",
    "Drift": "gal.drift.change",
    "Request": "gal.tracing.request",
    "Tracer": "gal.tracing.tracer",
    "compare": "gal.drift.engine",
    "parse_request": "gal.tracing.request",
    "trace": "gal.tracing.tracer",
}
"""Public name -> the module that defines it."""

__all__ = [
    "Change",
    "Decision",
    "Drift",
    "Request",
    "Tracer",
    "__version__",
    "compare",
    "parse_request",
    "trace",
]

if not TYPE_CHECKING:  # a type checker would take every name for a public one

    def __getattr__(name: str) -> object:
        """Load a public name from the module that defines it.

        Raises:
            AttributeError: where `name` is not a public name of this package.
        """
        from importlib import import_module

        if name not in _MODULES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_MODULES[name]), name)

    def __dir__() -> list[str]:
        """List the public names, loaded or not."""
        return sorted({*globals(), *_MODULES})
