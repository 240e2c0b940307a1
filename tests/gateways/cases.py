"""Tables of what a gateway does: one configuration, many requests.

A group is one configuration in the source gateway's language and the rows to run against it:

    RATES = Group(
        "rate limiting",
        KONG_TEXT,  # with {upstream_host} and {upstream_port} where the upstream goes
        Row("strips the prefix", get("/api/x"), sees("/x", host="localhost"), gets(200)),
        Row("knows no such route", get("/nope"), unseen(), gets(404)),
        Row("third is too many", get("/limited", times=3), sees(count=2), gets(200, 200, 429)),
    )

    @pytest.fixture(scope="module")
    def stage() -> Iterator[Stage]:
        with Stage(convert) as stage:
            yield stage

    @pytest.mark.parametrize(("group", "row"), cases([RATES]))
    def test_case(stage: Stage, group: Group, row: Row) -> None:
        stage.check(group, row)

The stage converts the configuration, lets the gateway check the text, starts it once for the
group, and sends the rows one after the other.
"""

from __future__ import annotations

import itertools
import json
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

import pytest

from tests.gateways.certificates import authority
from tests.gateways.client import Response
from tests.gateways.client import send as send_raw
from tests.gateways.envoy import RunningEnvoy, validate
from tests.gateways.recorder import HOST, TAG, Reply, Seen, Upstream, refused_port
from tests.gateways.rows import Gets, Request, Row, Sees, get, gets, post, request, sees, unseen
from tests.gateways.wants import ANY, Want

__all__ = [
    "ANY",
    "Backend",
    "Group",
    "Reply",
    "Request",
    "Response",
    "Row",
    "Running",
    "Seen",
    "Stage",
    "Want",
    "cases",
    "get",
    "gets",
    "post",
    "request",
    "sees",
    "unseen",
]

_PLACEHOLDER: Final = re.compile(r"\{(\w+)(?::([\w.,*-]+))?\}")


@dataclass(frozen=True, slots=True)
class Backend:
    """An upstream of a group; the fields are those of `Upstream`."""

    name: str = "upstream"
    tls: tuple[str, ...] = ()
    ask_client: bool = False
    respond: Callable[[Seen], Reply] | None = None


class Group:
    r"""One configuration and its rows.

    The configuration may hold, for each backend, `{NAME_host}` and `{NAME_port}` (there is one
    backend, `upstream`, unless the group says otherwise), and `{refused_port}` (a port that
    refuses connections), `{ca_file}` and `{ca_pem}` (the run's authority), `{cert_pem:a.test}`
    and `{key_pem:a.test}` (a certificate for a name). PEM goes between double quotes: its line
    ends are `\n`.

    Args:
        name: what its rows are about.
        config: the source gateway's configuration.
        rows: what to run against it.
        backends: the upstreams that it needs.
    """

    __slots__ = ("backends", "config", "name", "rows")

    def __init__(
        self, name: str, config: str, *rows: Row, backends: Sequence[Backend] = (Backend(),)
    ) -> None:
        self.name = name
        self.config = config
        self.rows = rows
        self.backends = tuple(backends)


def cases(groups: Iterable[Group]) -> list[pytest.ParameterSet]:
    """List `(group, row)` for `pytest.mark.parametrize`, with readable ids."""
    return [
        pytest.param(group, row, id=f"{group.name}: {row.name}", marks=pytest.mark.gateway)
        for group in groups
        for row in group.rows
    ]


class Running:
    """A gateway that runs a group's configuration, with the upstreams behind it."""

    def __init__(self, envoy: RunningEnvoy, upstreams: Mapping[str, Upstream]) -> None:
        self.envoy = envoy
        self.upstreams = upstreams
        self._tags = itertools.count(1)

    def send(self, wanted: Request, *headers: tuple[str, str]) -> Response:
        """Send a request once, with more headers where some are given."""
        port = self.envoy.port if wanted.listener is None else self.envoy.ports[wanted.listener]
        names = (wanted.client,) if wanted.client else ()
        return send_raw(
            port,
            wanted.method,
            wanted.path,
            (*wanted.headers, *headers),
            wanted.body,
            host=wanted.host,
            source=wanted.source,
            tls=authority().client(*names, verify=False) if wanted.tls else None,
            sni=wanted.sni,
        )

    def check(self, row: Row) -> None:
        """Run a row.

        Raises:
            AssertionError: with every difference, and what was sent, seen and logged.
        """
        tag, known_log = str(next(self._tags)), len(self.envoy.log)
        answers = []
        for wanted in row.requests:
            for _ in range(wanted.times):
                time.sleep(wanted.after)
                answers.append(self.send(wanted, (TAG, tag)))
        problems = []
        for expect in row.expects:
            if isinstance(expect, Gets):
                problems += expect.problems(answers)
            else:
                problems += self._unseen(expect, tag, len(answers))
        if problems:
            shown = [row.name, *problems, "", *map(repr, row.requests), *map(repr, answers)]
            shown += [repr(seen) for seen in self._seen(tag)]
            raise AssertionError("\n".join([*shown, self.envoy.log[known_log:]]))

    def _seen(self, tag: str) -> list[Seen]:
        every = [seen for one in self.upstreams.values() for seen in one.tagged(tag)]
        return sorted(every, key=lambda seen: seen.at)

    def _unseen(self, expect: Sees, tag: str, sent: int, patience: float = 0.5) -> list[str]:
        """Compare, and give mirrored requests, which nobody waits for, time to arrive."""
        deadline = time.monotonic() + patience
        while problems := expect.problems(self._seen(tag), sent):
            if expect.count == 0 or time.monotonic() > deadline:
                break
            time.sleep(0.02)
        return problems


class Stage:
    """Runs one group at a time; use it in a `with` statement.

    Args:
        convert: turns a group's configuration into the text of an Envoy bootstrap.
    """

    def __init__(self, convert: Callable[[str], str]) -> None:
        self._convert = convert
        self._stack = ExitStack()
        self._group: Group | None = None
        self._running: Running | None = None

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def check(self, group: Group, row: Row) -> None:
        """Run a row of a group, which is started where it does not run yet."""
        self.enter(group).check(row)

    def enter(self, group: Group) -> Running:
        """Run a group: the one that already runs, or a new one in its place.

        Raises:
            AssertionError: where Envoy refuses the converted text.
        """
        if self._group is not group:
            self._stack.close()
            self._group, self._running = group, None
            self._running = self._start(group)
        if self._running is None:
            pytest.fail(f"{group.name} did not start: see its first row")
        return self._running

    def _start(self, group: Group) -> Running:
        upstreams = {
            spec.name: self._stack.enter_context(
                Upstream(spec.name, respond=spec.respond, tls=spec.tls, ask_client=spec.ask_client)
            )
            for spec in group.backends
        }
        values = {"refused_port": str(self._stack.enter_context(refused_port()))}
        for name, upstream in upstreams.items():
            values |= {f"{name}_host": HOST, f"{name}_port": str(upstream.port)}
        text = self._convert(filled(group.config, values))
        if complaint := validate(text):
            raise AssertionError(f"{group.name}: Envoy refuses it: {complaint}\n{text}")
        return Running(self._stack.enter_context(RunningEnvoy(text)), upstreams)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Replace the placeholders that `Group` describes; other braces stay."""

    def value(match: re.Match[str]) -> str:
        name, argument = match.group(1), match.group(2)
        if argument and name in {"cert_pem", "key_pem"}:
            issued = authority().issue(*argument.split(","))
            return _quoted(issued.chain if name == "cert_pem" else issued.key)
        if name in {"ca_pem", "ca_file"} and not argument:
            return _quoted(authority().pem) if name == "ca_pem" else str(authority().file)
        return match.group(0) if argument else values.get(name, match.group(0))

    return _PLACEHOLDER.sub(value, text)


def _quoted(pem: str) -> str:
    return json.dumps(pem)[1:-1]
