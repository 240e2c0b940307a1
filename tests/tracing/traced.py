"""A short way to trace a request through GAL's YAML."""

from __future__ import annotations

from gal.convert import read_gateway
from gal.model import Gateway
from gal.reading import read_documents
from gal.tracing.decision import Decision
from gal.tracing.request import parse_request
from gal.tracing.tracer import trace


def gateway(text: str, source: str = "gal") -> Gateway:
    """The model of a configuration."""
    if source == "gal":
        text = f'version: "1.0"\n{text}'
    return read_gateway(read_documents(text, f"{source}.yaml"), source=source).gateway


def traced(text: str, method: str, url: str, *headers: str, ip: str = "192.0.2.1") -> Decision:
    """What GAL's YAML does with a request."""
    return trace(gateway(text), parse_request(method, url, headers, ip))


def told(decision: Decision) -> list[str]:
    """The steps in short, without what happens on every request."""
    return [f"{step.policy} {step.outcome.value}" for step in decision.steps[1:]]
