"""A server that answers as the APIs of GitHub and GitLab do for comments, and a shell."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

ROOT = Path(__file__).parents[2]
TOKEN = "example-token-that-nobody-may-see"
BOT = "github-actions[bot]"


@dataclass(slots=True)
class Api:
    """A fake API.

    Attributes:
        port: where it listens on 127.0.0.1.
        comments: those of the pull request, as the API gives them.
        requests: method, path with query, and headers of what was asked.
        statuses: answers by method instead of the right ones.
        login: whose token it is.
    """

    port: int = 0
    comments: list[dict[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    statuses: dict[str, int] = field(default_factory=dict)
    login: str = BOT

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def methods(self) -> list[str]:
        return [method for method, _, _ in self.requests]

    def comment(self, body: str, login: str = BOT) -> int:
        """Add one."""
        number = len(self.comments) + 1001
        owner = {"user": {"login": login}, "author": {"username": login}}
        self.comments.append({"id": number, "body": body, **owner})
        return number

    def answer(self, method: str, path: str, data: Any) -> tuple[int, Any]:
        """What the API does."""
        if method in self.statuses:
            return self.statuses[method], {"message": f"no, {TOKEN}"}
        parts = urlsplit(path)
        if parts.path.endswith("/user"):
            return 200, {"username": self.login}
        if method == "GET":
            query = parse_qs(parts.query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, self.comments[(page - 1) * size : page * size]
        if method == "POST":
            number = self.comment(data["body"], self.login)
            return 201, {"id": number}
        wanted = int(parts.path.rpartition("/")[2])
        for one in self.comments:
            if one["id"] == wanted:
                one["body"] = data["body"]
                return 200, one
        return 404, {}


@pytest.fixture
def api() -> Iterator[Api]:
    """The server, and what it was asked."""
    state = Api()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            data = json.loads(self.rfile.read(length)) if length else None
            state.requests.append((self.command, self.path, dict(self.headers)))
            status, found = state.answer(self.command, self.path, data)
            text = json.dumps(found).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        do_GET = do_POST = do_PUT = do_PATCH = handle_any  # noqa: N815

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield state
    server.shutdown()
    server.server_close()
    thread.join()


Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """`run("drift.sh", GAL_PATH="kong.yaml")` in a folder: a script of `ci/` under an environment
    of its own.
    """

    def script(name: str, *arguments: str, folder: Path = tmp_path, **environment: str) -> Done:
        return subprocess.run(
            ["sh", str(ROOT / "ci" / name), *arguments],
            cwd=folder,
            env={**clean(tmp_path), **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    return script


def clean(home: Path) -> dict[str, str]:
    """An environment without what the machine's own CI says, with the `gal` that is tested."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    who = {f"GIT_{role}_{what}": "a@b.c" for role in ("AUTHOR", "COMMITTER") for what in NAMED}
    return {
        "PATH": path,
        "HOME": str(home),
        "LC_ALL": "C.UTF-8",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_NOSYSTEM": "1",
        "NO_PROXY": "127.0.0.1",
        "GAL_PYTHON": sys.executable,
        **who,
    }


NAMED = ("NAME", "EMAIL")


def git(*arguments: str, folder: Path) -> str:
    """Run git, and give what it prints."""
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *arguments],
        cwd=folder,
        env=clean(folder),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()
