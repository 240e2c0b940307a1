"""What stays the same of a finding when lines move, names change, or the format does.

A finding is about requests: those that a route, or all routes of a service or of the gateway,
take. Each of these is one mark, made of the rule, of what the route takes, and of the offending
value. So one finding at a Kong route with three paths and three findings at three Envoy routes have
the same marks. What is about no route (an administration port, a consumer) has one mark. No secret
goes into a mark: rules keep them out of `Finding.value`.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product

from gal.lint.asked import CREDENTIALS
from gal.lint.finding import Finding
from gal.lint.subject import RouteView, Subject
from gal.model import (
    Certificate,
    Consumer,
    Gateway,
    Listener,
    ModelNode,
    Route,
    ScopedPolicies,
    Service,
    Upstream,
)

_MOST_MARKS = 256
_LENGTH = 32


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What a finding is known by.

    Attributes:
        text: for the finding as a whole; unique among the findings of files that are read together.
        marks: one for every part of the requests that it is about, sorted.
    """

    text: str
    marks: tuple[str, ...]


def fingerprints(subject: Subject | None, findings: Sequence[Finding]) -> list[Fingerprint]:
    """The fingerprints of findings, in their order. Without a subject: of what is in no gateway."""
    index = _index(subject) if subject is not None else {}
    seen: Counter[str] = Counter()
    made = []
    for one in findings:
        marks = tuple(sorted({_mark(one, about) for about in _about(one, index)}))
        whole = _digest(*marks)
        number = seen[whole]
        seen[whole] += 1
        made.append(Fingerprint(whole if number == 0 else _digest(whole, str(number)), marks))
    return made


def _mark(one: Finding, about: str) -> str:
    return _digest(one.rule.code, about, one.value)


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_LENGTH]


def _index(subject: Subject) -> dict[int, list[RouteView]]:
    """The routes that each service, upstream and the gateway stand behind."""
    found: dict[int, list[RouteView]] = {id(subject.gateway): list(subject.routes)}
    for view in subject.routes:
        found[id(view.route)] = [view]
        if view.service is not None:
            found.setdefault(id(view.service), []).append(view)
        for upstream in {id(one): one for one, _ in view.upstreams}.values():
            found.setdefault(id(upstream), []).append(view)
    return found


def _about(one: Finding, index: dict[int, list[RouteView]]) -> Iterator[str]:
    owner = one.owner
    if isinstance(owner, (Gateway, Service, Upstream, Route)):
        views = index.get(id(owner), ())
        texts = islice((text for view in views for text in requests_of(view.route)), _MOST_MARKS)
        found = list(texts)
        if found:
            yield from found
            return
    yield _named(owner) or _path(one)


def _named(owner: ModelNode | None) -> str:
    if isinstance(owner, Route):
        return " ".join(requests_of(owner))
    if isinstance(owner, Upstream):
        return "upstream " + " ".join(sorted(f"{one.host}:{one.port}" for one in owner.targets))
    if isinstance(owner, Consumer):
        return f"consumer {owner.name}"
    if isinstance(owner, Certificate):
        public = "".join((owner.certificate or "").split()) or " ".join(sorted(owner.server_names))
        return f"certificate {public}"
    if isinstance(owner, Listener):
        return f"listener {owner.host}:{owner.port}"
    if isinstance(owner, ScopedPolicies):
        return f"consumer {owner.consumer}"
    return "gateway" if isinstance(owner, Gateway) else ""


def _path(one: Finding) -> str:
    """Where a value stands, by names and not by numbers."""
    steps: list[str] = []
    node = one.place.node
    while node is not None and node.key is not None:
        if isinstance(node.key, str):
            steps.append(node.key)
        node = node.parent
    return ".".join(reversed(steps))


def requests_of(route: Route) -> Iterator[str]:
    """What a route takes, as texts: one for each of its hosts and paths."""
    from gal.drift.normalise import host_key, methods_key, path_key

    methods = ",".join(sorted(methods_key(route.methods))) or "*"
    hosts = sorted({host_key(host) for host in route.hosts}) or ["*"]
    paths = sorted({" ".join(path_key(one)) for one in route.paths}) or ["prefix /"]
    rest = [
        f"{one.name.lower()}={'|'.join(sorted(one.values))}"
        for one in route.headers
        if one.name.lower() not in CREDENTIALS
    ]
    for host, path in product(hosts, paths):
        yield " ".join([methods, host, path, *sorted(rest)])
