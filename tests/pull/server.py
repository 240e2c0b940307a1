"""A small HTTP server with given answers, which keeps what it was asked."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer.

    Attributes:
        data: sent as JSON; text and bytes as they are.
        status: HTTP status.
        headers: further headers.
        short: the answer breaks off so many bytes before its end.
        late: seconds before it comes.
    """

    data: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    short: int = 0
    late: float = 0.0

    @property
    def body(self) -> bytes:
        """The bytes to send."""
        if isinstance(self.data, bytes):
            return self.data
        text = self.data if isinstance(self.data, str) else json.dumps(self.data)
        return text.encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came."""

    method: str
    target: str
    headers: Mapping[str, str]


class Server:
    """Serves answers by request target, or by path where there is none for the whole target.

    Attributes:
        replies: what has no reply is answered with 404.
        asked: all requests so far.
        url: where it listens.
    """

    def __init__(self, replies: Mapping[str, Any], tls: ssl.SSLContext | None = None) -> None:
        self.replies = dict(replies)
        self.asked: list[Asked] = []
        self._done = threading.Event()
        self._http = ThreadingHTTPServer((HOST, 0), self._handler())
        self._http.daemon_threads = True
        self._scheme = "http" if tls is None else "https"
        if tls is not None:
            self._http.socket = tls.wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )

    @property
    def url(self) -> str:
        return f"{self._scheme}://{HOST}:{self._http.server_address[1]}"

    @property
    def targets(self) -> list[str]:
        """What was asked for, in order."""
        return [one.target for one in self.asked]

    def reply(self, target: str) -> Reply:
        """The answer to a request."""
        path = target.partition("?")[0]
        found = self.replies.get(target, self.replies.get(path, Reply({}, 404)))
        return found if isinstance(found, Reply) else Reply(found)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._done.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                server.asked.append(Asked(self.command, self.path, dict(self.headers)))
                reply = server.reply(self.path)
                server._done.wait(reply.late)
                self.send_response(reply.status)
                headers = {"Content-Type": "application/json", **reply.headers}
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body) + reply.short))
                self.end_headers()
                self.wfile.write(reply.body)
                self.close_connection = bool(reply.short) or "Connection" in headers

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

            def handle(self) -> None:
                try:
                    super().handle()
                except OSError:
                    self.close_connection = True  # the client is gone

        return Handler


@contextmanager
def serving(replies: Mapping[str, Any], tls: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server that runs."""
    server = Server(replies, tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()
