"""A decision as plain data for programs."""

from __future__ import annotations

from typing import Any

from gal.model import ModelNode, Route
from gal.tracing.decision import Answer, Decision, Pairs, Step, UpstreamRequest, position_of
from gal.tracing.hiding import Hiding
from gal.tracing.text import place


def data(decision: Decision) -> dict[str, Any]:
    """The decision as dicts and lists, without the values of credentials."""
    request = decision.choice.of.request
    hiding = decision.hiding
    target = hiding.query(request.target)
    told: dict[str, Any] = {
        "request": {
            "method": request.method,
            "url": f"{request.scheme}://{request.authority}{target}",
            "compared_path": decision.choice.of.path,
            "client_ip": request.client_ip,
        },
        "route": _route(decision.route) if decision.route is not None else None,
        "service": decision.service.name if decision.service is not None else None,
        "consumer": decision.consumer,
        "steps": [_step(step) for step in decision.steps],
        "answer": None,
        "upstream": None,
        "targets": [
            {
                "upstream": one.upstream,
                "host": one.host,
                "port": one.port,
                "percent": one.percent,
                "position": _place(one.node),
            }
            for one in decision.targets
        ],
        "response_headers": [
            {
                "operation": how,
                "name": name,
                "value": value if how == "rename" else hiding.value(name, value),
            }
            for how, name, value in decision.response_headers
        ],
        "rejected": [
            {**_route(one.candidate.route), "reason": one.reason.message}
            for one in decision.choice.rejected
        ],
        "beaten": [
            {**_route(one.route), "reason": decision.choice.why(one)}
            for one in decision.choice.beaten
        ],
    }
    if decision.answer is not None:
        told["answer"] = _answer(decision.answer, hiding)
    if decision.upstream is not None:
        told["upstream"] = _upstream(decision.upstream, hiding)
    return told


def _answer(answer: Answer, hiding: Hiding) -> dict[str, Any]:
    return {
        "status": answer.status,
        "headers": _headers(answer.headers, hiding),
        "body": answer.body,
    }


def _upstream(sent: UpstreamRequest, hiding: Hiding) -> dict[str, Any]:
    return {
        "protocol": sent.protocol,
        "method": sent.method,
        "path": sent.path,
        "query": hiding.query(sent.query) if sent.query is not None else None,
        "host": sent.host,
        "headers": _headers(sent.headers, hiding),
    }


def _headers(headers: Pairs, hiding: Hiding) -> list[list[str]]:
    return [[name, hiding.value(name, value)] for name, value in headers]


def _route(route: Route) -> dict[str, Any]:
    return {"name": route.name, "position": _place(route)}


def _place(node: ModelNode | None) -> str | None:
    position = position_of(node)
    return place(position) if position is not None else None


def _step(step: Step) -> dict[str, Any]:
    position = step.position
    return {
        "policy": step.policy,
        "outcome": step.outcome.value,
        "message": step.message,
        "position": place(position) if position is not None else None,
    }
