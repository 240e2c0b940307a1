"""Upstreams that record what they are asked: one server on loopback for every target."""

from __future__ import annotations

import asyncio
import json
import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from types import TracebackType

from gal.verify.probe import Seen, Steering

PROBE_HEADER = "x-verify-probe"
"""Says which probe a request belongs to."""
STEERING_HEADER = "x-verify-steer"
"""Says how the recorder answers."""
MARK_HEADER = "x-verify-upstream"
"""Tells the client that an upstream answered."""

_HOST = "127.0.0.1"
_LARGEST_HEAD = 1 << 20
Target = tuple[str, int]


def steering_value(steering: Steering) -> str:
    """The steering as the value of a header."""
    return json.dumps([list(steering.statuses), steering.delay, list(steering.headers)])


@dataclass(slots=True)
class Recorders:
    """The recording servers of one gateway; use them in a `with` statement.

    All of them live in one thread.

    Attributes:
        targets: hosts and ports in the configuration.
        ports: where each target's server listens on 127.0.0.1.
    """

    targets: tuple[Target, ...]
    ports: dict[Target, int] = field(default_factory=dict)
    _seen: dict[str, list[Seen]] = field(default_factory=lambda: defaultdict(list))
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    _thread: threading.Thread | None = None
    _servers: list[asyncio.Server] = field(default_factory=list)

    @classmethod
    def for_targets(cls, targets: Iterable[Target]) -> Recorders:
        """Recorders for the targets, each once."""
        return cls(tuple(dict.fromkeys(targets)))

    def __enter__(self) -> Recorders:
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        if self._thread is not None:
            self._thread.join()
        self._loop.close()

    def seen(self, probe: str) -> list[Seen]:
        """What came with the mark of a probe, in order; it is forgotten by this."""
        return self._seen.pop(probe, [])

    async def _open(self) -> None:
        for target in self.targets:
            server = await asyncio.start_server(
                _Connection(target, self._seen).serve, _HOST, 0, limit=_LARGEST_HEAD
            )
            self._servers.append(server)
            self.ports[target] = server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        for server in self._servers:
            server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)


@dataclass(frozen=True, slots=True)
class _Connection:
    """What happens on the connections to one target."""

    target: Target
    seen: dict[str, list[Seen]]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._answer(reader, writer):
                pass
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError):
            pass
        finally:
            writer.close()

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection ends."""
        head = await reader.readuntil(b"\r\n\r\n")
        line, *fields = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        method, raw, _ = line.split(" ", 2)
        headers = tuple(
            (name, value.strip()) for name, _, value in (one.partition(":") for one in fields)
        )
        lower = {name.lower(): value for name, value in headers}
        await _skip_body(reader, lower)
        path, mark, query = raw.partition("?")
        probe = lower.get(PROBE_HEADER, "")
        attempts = self.seen[probe]
        attempts.append(Seen(*self.target, method, path, query if mark else None, headers))
        statuses, delay, extra = json.loads(lower.get(STEERING_HEADER, "[[200], 0, []]"))
        if delay:
            await asyncio.sleep(delay)
        status = statuses[min(len(attempts), len(statuses)) - 1]
        body = b"" if method == "HEAD" else b"recorded\n"
        answer = [f"HTTP/1.1 {status} Recorded", f"{MARK_HEADER}: {self.target[0]}"]
        answer += ["content-type: text/plain", f"content-length: {len(body)}"]
        answer += [f"{name}: {value}" for name, value in extra]
        writer.write("\r\n".join([*answer, "", ""]).encode("latin-1") + body)
        await writer.drain()
        return lower.get("connection", "").lower() != "close"


async def _skip_body(reader: asyncio.StreamReader, headers: dict[str, str]) -> None:
    if "content-length" in headers:
        await reader.readexactly(int(headers["content-length"]))
    elif headers.get("transfer-encoding", "").lower() == "chunked":
        while True:
            size = int((await reader.readuntil(b"\r\n")).split(b";")[0], 16)
            await reader.readexactly(size + 2)
            if not size:
                return
