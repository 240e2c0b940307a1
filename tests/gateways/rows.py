"""The rows of a table: what a client sends, what it gets, what the upstreams see."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import TYPE_CHECKING, Final, TypedDict

from tests.gateways.client import Response
from tests.gateways.recorder import Seen
from tests.gateways.wants import Want, mismatch

if TYPE_CHECKING:
    from typing_extensions import Unpack


class Fields(TypedDict, total=False):
    """What may be said of a request by name; see `Request`."""

    host: str | None
    source: str | None
    tls: bool
    sni: str | None
    client: str | None
    listener: int | None
    times: int
    after: float


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sends.

    Attributes:
        method: any token.
        path: sent as it is.
        headers: sent in this order, duplicates too.
        body: a list of bytes is sent in chunks.
        host: the `Host` header; None sends none.
        source: client address, such as 127.0.0.2.
        tls: speak TLS, trusting any certificate.
        sni: server name of the handshake; `host` by default.
        client: show a client certificate of the run's authority with this name.
        listener: the port in the converted configuration; its first listener by default.
        times: send it that often, one after the other.
        after: seconds to wait before each one.
    """

    method: str
    path: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | Sequence[bytes] = b""
    _: KW_ONLY
    host: str | None = "localhost"
    source: str | None = None
    tls: bool = False
    sni: str | None = None
    client: str | None = None
    listener: int | None = None
    times: int = 1
    after: float = 0.0


def request(
    method: str,
    path: str,
    *headers: str,
    body: bytes | str | Sequence[bytes] = b"",
    **fields: Unpack[Fields],
) -> Request:
    """Describe a request; headers are written `Name: value`, fields are those of `Request`.

    Raises:
        ValueError: where a header has no colon.
    """
    pairs = []
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon:
            raise ValueError(f"a header is written `Name: value`, not {header!r}")
        pairs.append((name.strip(), value.strip()))
    content = body.encode() if isinstance(body, str) else body
    return Request(method, path, tuple(pairs), content, **fields)


def get(path: str, *headers: str, **fields: Unpack[Fields]) -> Request:
    """Describe a GET."""
    return request("GET", path, *headers, **fields)


def post(
    path: str,
    *headers: str,
    body: bytes | str | Sequence[bytes] = b"",
    **fields: Unpack[Fields],
) -> Request:
    """Describe a POST."""
    return request("POST", path, *headers, body=body, **fields)


@dataclass(frozen=True, slots=True)
class Sees:
    """What the upstreams see of a row; what is left out may be anything.

    Attributes:
        path: path with query, as it arrives.
        method: its method.
        host: its `Host` header.
        headers: name -> wanted value; None says that the header must not be there.
        body: text, bytes, a pattern, or data to compare with the body's JSON.
        upstream: look only at the backend of this name.
        count: how many requests arrive, by default as many as are sent; the other
            fields hold for each of them.
        sni: server name of the gateway's handshake.
        client: common name of the gateway's certificate.
    """

    path: Want = ...
    _: KW_ONLY
    method: Want = ...
    host: Want = ...
    headers: Mapping[str, Want] = field(default_factory=dict)
    body: Want = ...
    upstream: str | None = None
    count: int | None = None
    sni: Want = ...
    client: Want = ...

    def problems(self, seen: list[Seen], sent: int) -> list[str]:
        """Compare with what the upstreams saw of `sent` requests."""
        name = self.upstream or "upstream"
        mine = [one for one in seen if self.upstream in {None, one.upstream}]
        count = sent if self.count is None else self.count
        found = [] if len(mine) == count else [f"{name} saw {len(mine)} requests, wanted {count}"]
        for one in mine:
            found += mismatch(f"{name}: method", one.method, self.method)
            found += mismatch(f"{name}: path", one.target, self.path)
            found += mismatch(f"{name}: host", one.all("host"), self.host)
            found += mismatch(f"{name}: body", one.body, self.body)
            found += mismatch(f"{name}: server name", one.sni, self.sni)
            found += mismatch(f"{name}: client certificate", one.client, self.client)
            for header, want in self.headers.items():
                found += mismatch(f"{name}: header {header}", one.all(header), want)
        return found


sees: Final = Sees
"""As it is written in a table."""


def unseen(upstream: str | None = None) -> Sees:
    """Say that nothing arrives, at all or at one backend."""
    return Sees(upstream=upstream, count=0)


@dataclass(frozen=True, slots=True)
class Gets:
    """What the client gets; see `gets` for the fields."""

    statuses: tuple[int, ...]
    headers: Mapping[str, Want] = field(default_factory=dict)
    body: Want = ...
    within: tuple[float, float] | None = None

    def problems(self, answers: list[Response]) -> list[str]:
        """Compare with the answers, in the order in which they came."""
        last, statuses = answers[-1], tuple(answer.status for answer in answers)
        wanted = self.statuses * len(answers) if len(self.statuses) == 1 else self.statuses
        found = [] if statuses == wanted else [f"client: status {statuses}, wanted {wanted}"]
        found += mismatch("client: body", last.body, self.body)
        for header, want in self.headers.items():
            found += mismatch(f"client: header {header}", last.all(header), want)
        if self.within and not self.within[0] <= last.seconds <= self.within[1]:
            found.append(f"client: after {last.seconds:.2f} s, wanted {self.within}")
        return found


def gets(
    *statuses: int,
    headers: Mapping[str, Want] | None = None,
    body: Want = ...,
    within: tuple[float, float] | None = None,
) -> Gets:
    """Say what the client gets; what is left out may be anything.

    Args:
        statuses: one for every answer, or one for all; 0 is a connection without an answer.
        headers: name -> wanted value in the last answer; None says that it must not be there.
        body: the last answer's text, bytes, pattern, or data to compare with its JSON.
        within: least and most seconds that the last answer takes.
    """
    return Gets(statuses, headers or {}, body, within)


class Row:
    """One row of a table.

    Args:
        name: what it shows.
        requests: one, or several in their order.
        expects: what the client gets and the upstreams see; what is not said is not compared.
    """

    __slots__ = ("expects", "name", "requests")

    def __init__(
        self, name: str, requests: Request | Iterable[Request], *expects: Sees | Gets
    ) -> None:
        self.name = name
        self.requests = (requests,) if isinstance(requests, Request) else tuple(requests)
        self.expects = expects
