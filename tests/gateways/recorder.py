"""An upstream server that records what it is asked and answers as the request wants.

A request steers its own answer, so that one server fits every case:

    x-want-status: 503            status; `503 503 200` for the first, second, third attempt;
                                  `reset` closes the connection without an answer
    x-want-delay: 1.5             seconds before the answer
    x-want-header: Name: value    a response header; may be repeated
    x-want-body: text             the body, instead of the JSON echo

Without them the answer is 200 with the request as JSON: `upstream`, `method`, `path`, `headers`
(a list of pairs), `body`. Every answer names its server in `x-upstream`.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, cast

from tests.gateways.certificates import authority

TAG: Final = "x-case-tag"
"""Request header that says which case a request belongs to; retries and mirrors keep it."""

HOST: Final = "127.0.0.1"

_Subject = tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as an upstream saw it.

    Attributes:
        upstream: the name of the server that saw it.
        target: path and query exactly as they were sent.
        headers: in their order, duplicates kept, values without the space around them.
        body: decoded from chunks where it came in chunks.
        sni: server name of the TLS handshake; None without TLS or without a name.
        client: common name of the client's certificate; None where it showed none.
        at: `time.monotonic()` when the request had been read.
    """

    upstream: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    tls: bool = False
    sni: str | None = None
    client: str | None = None
    at: float = field(default_factory=time.monotonic)

    def all(self, name: str) -> list[str]:
        """All values of a header, whatever the case of its name."""
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name: str) -> str | None:
        """The values of a header joined with commas; None where it is absent."""
        values = self.all(name)
        return ", ".join(values) if values else None


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: `status` 0 closes the connection without one; `delay` is in seconds."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    delay: float = 0.0


class Upstream:
    """A recording server on a free port of 127.0.0.1; use it in a `with` statement.

    Args:
        name: shown in `x-upstream` and in `Seen.upstream`.
        respond: makes the answer instead of the request's own wishes.
        tls: speak TLS with a certificate for these names, signed by the run's authority.
        ask_client: with `tls`, refuse clients without a certificate of that authority.
    """

    def __init__(
        self,
        name: str = "upstream",
        *,
        respond: Callable[[Seen], Reply] | None = None,
        tls: tuple[str, ...] = (),
        ask_client: bool = False,
    ) -> None:
        self.name = name
        self._respond = respond
        self._changed = threading.Condition()
        self._seen: list[Seen] = []
        context = authority().server(*tls, ask_client=ask_client) if tls else None
        self._server = _Server(self, context)

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return self._server.server_address[1]

    @property
    def address(self) -> str:
        """Where it listens, as host:port."""
        return f"{HOST}:{self.port}"

    @property
    def requests(self) -> list[Seen]:
        """What it has seen since the start, or since `clear`."""
        with self._changed:
            return list(self._seen)

    def tagged(self, tag: str) -> list[Seen]:
        """What it has seen of one case."""
        return [seen for seen in self.requests if seen.header(TAG) == tag]

    def wait_for(self, count: int, timeout: float = 5.0) -> list[Seen]:
        """Wait until it has seen `count` requests.

        Raises:
            AssertionError: after `timeout` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: len(self._seen) >= count, timeout):
                raise AssertionError(f"{self.name} saw {len(self._seen)} requests, not {count}")
            return list(self._seen)

    def clear(self) -> None:
        """Forget what it has seen."""
        with self._changed:
            self._seen.clear()

    def record(self, seen: Seen) -> Reply:
        """Keep a request and decide on its answer."""
        tag = seen.header(TAG)
        with self._changed:
            attempt = sum(1 for earlier in self._seen if tag and earlier.header(TAG) == tag)
            self._seen.append(seen)
            self._changed.notify_all()
        return self._respond(seen) if self._respond else wished(seen, attempt)

    def __enter__(self) -> Upstream:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.hang_up()
        self._server.server_close()


def wished(seen: Seen, attempt: int = 0) -> Reply:
    """The answer that a request asks for; `attempt` counts from 0."""
    statuses = (seen.header("x-want-status") or "200").split()
    status = statuses[min(attempt, len(statuses) - 1)]
    headers = []
    for wish in seen.all("x-want-header"):
        name, _, value = wish.partition(":")
        headers.append((name.strip(), value.strip()))
    body = seen.header("x-want-body")
    if body is None and not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("content-type", "application/json"))
    return Reply(
        status=0 if status == "reset" else int(status),
        headers=tuple(headers),
        body=_echo(seen) if body is None else body.encode(),
        delay=float(seen.header("x-want-delay") or 0),
    )


@contextmanager
def refused_port() -> Iterator[int]:
    """A port that refuses connections, and that nobody else can take meanwhile."""
    with socket.socket() as bound:
        bound.bind((HOST, 0))
        yield bound.getsockname()[1]


def _echo(seen: Seen) -> bytes:
    picture = {
        "upstream": seen.upstream,
        "method": seen.method,
        "path": seen.target,
        "headers": seen.headers,
        "body": seen.body.decode("utf-8", "replace"),
    }
    return json.dumps(picture).encode()


class _NamedSocket(ssl.SSLSocket):
    server_name: str | None = None


def _remember_name(sock: ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
    # Typed as an SSLObject, it is the socket where the context wraps sockets.
    cast("_NamedSocket", sock).server_name = name


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, upstream: Upstream, context: ssl.SSLContext | None) -> None:
        super().__init__((HOST, 0), _Handler)
        self.upstream = upstream
        self.context = context
        self._open: set[socket.socket] = set()
        if context is not None:
            context.sslsocket_class = _NamedSocket
            context.sni_callback = _remember_name

    def finish_request(self, request: object, client_address: object) -> None:
        sock = cast("socket.socket", request)
        if self.context is not None:
            sock = self.context.wrap_socket(sock, server_side=True)
        self._open.add(sock)
        try:
            _Handler(sock, client_address, self)
        finally:
            self._open.discard(sock)
            sock.close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: gateways drop connections and handshakes whenever they like."""

    def hang_up(self) -> None:
        """End the connections that clients keep open."""
        for sock in list(self._open):
            try:
                sock.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Header and body leave in one packet; two would wait for each other (Nagle, delayed ACK).
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def __init__(self, request: socket.socket, client_address: object, server: _Server) -> None:
        self.upstream = server.upstream
        super().__init__(request, client_address, server)

    def __getattr__(self, name: str) -> Callable[[], None]:
        if name.startswith("do_"):
            return self._answer
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        reply = self.upstream.record(self._read())
        if reply.delay:
            time.sleep(reply.delay)
        if not reply.status:
            self.close_connection = True
            return
        # 1xx, 204 and 304 have no body, and the answer to HEAD only tells its length.
        bodiless = reply.status < 200 or reply.status in {204, 304}
        names = {name.lower() for name, _ in reply.headers}
        self.send_response_only(reply.status)
        self.send_header("x-upstream", self.upstream.name)
        if not bodiless and not names & {"content-length", "transfer-encoding"}:
            self.send_header("content-length", str(len(reply.body)))
        for name, value in reply.headers:
            self.send_header(name, value)
        self.end_headers()
        if not bodiless and self.command != "HEAD":
            self.wfile.write(reply.body)
        self.wfile.flush()

    def _read(self) -> Seen:
        sock = self.connection
        return Seen(
            upstream=self.upstream.name,
            method=self.command,
            # Not self.path: http.server has rewritten a leading `//` there.
            target=self.requestline.split(" ")[1],
            headers=tuple((name, value.strip()) for name, value in self.headers.items()),
            body=self._read_body(),
            tls=isinstance(sock, ssl.SSLSocket),
            sni=sock.server_name if isinstance(sock, _NamedSocket) else None,
            client=_common_name(sock),
        )

    def _read_body(self) -> bytes:
        if "chunked" not in self.headers.get("transfer-encoding", "").lower():
            return self.rfile.read(int(self.headers.get("content-length") or 0))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(chunks)


def _common_name(sock: socket.socket) -> str | None:
    certificate = sock.getpeercert() if isinstance(sock, ssl.SSLSocket) else None
    subject = cast("_Subject", (certificate or {}).get("subject", ()))
    names = dict(pair for part in subject for pair in part)
    return names.get("commonName")
