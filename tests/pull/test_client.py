"""The client: what it sends, what it takes, and how everything else ends."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gal.errors import UsageError
from gal.pull import client as module
from gal.pull.address import parse_address
from gal.pull.client import Client, PullError, tls_context
from tests.gateways.certificates import Authority
from tests.pull.running import unused_port
from tests.pull.server import HOST, Reply, Server, serving

API = "the Admin API of Kong"
SECRET = "do-not-show-this-7"
WAYS = "--token-env NAME, or USER:PASSWORD@ in the URL, gives them"


def client(url: str, **more: Any) -> closing[Client]:
    more.setdefault("headers", {"Kong-Admin-Token": SECRET})
    return closing(Client(parse_address(url), API, **more))


def refusal(url: str, **more: Any) -> str:
    """Why a gateway gives nothing, without its URL, which always stands first."""
    with client(url, **more) as one, pytest.raises(PullError) as caught:
        one.get("/a")
    assert caught.value.render().startswith(f"{url}: ")
    return caught.value.render().removeprefix(f"{url}: ")


def test_what_is_sent() -> None:
    with serving({"/p/a": {"b": 1}}) as server, client(f"{server.url}/p/") as one:
        assert one.get("/a", {"size": "3", "x": "ä b"}).data == {"b": 1}
    (asked,) = server.asked
    assert (asked.method, asked.target) == ("GET", "/p/a?size=3&x=%C3%A4+b")
    assert asked.headers["Accept"] == "application/json"
    assert asked.headers["Kong-Admin-Token"] == SECRET
    assert asked.headers["User-Agent"].startswith("gal/")


@pytest.mark.parametrize("headers", [{}, {"Connection": "close"}], ids=["kept", "closed"])
def test_many_requests(headers: dict[str, str]) -> None:
    with serving({"/a": Reply([1], headers=headers)}) as server, client(server.url) as one:
        assert [one.get("/a").data for _ in range(3)] == [[1]] * 3
        assert one.get("/a").headers["content-type"] == "application/json"


def test_a_connection_that_ended_while_it_waited() -> None:
    with serving({"/a": [1]}) as server, client(server.url) as one:
        one.get("/a")
        connection = one._connection
        assert connection is not None
        connection.sock.shutdown(socket.SHUT_RDWR)
        assert one.get("/a").data == [1]


REFUSED: list[tuple[Reply, str]] = [
    (
        Reply({"message": SECRET}, 401),
        "it does not accept these credentials (401): " + WAYS,
    ),
    (Reply({"message": SECRET}, 403), "these credentials may not read /a (403)"),
    (Reply({"message": SECRET}, 404), f"there is no /a (404): is this {API}?"),
    (Reply(SECRET, 400), "/a answers with the status 400: does it want https?"),
    (Reply(SECRET, 500), "/a answers with the status 500"),
    (Reply(SECRET, 204), "/a answers with the status 204"),
    (Reply(SECRET), f"its answer is not JSON (application/json): is this {API}?"),
    (
        Reply(f"<p>{SECRET}", headers={"Content-Type": "text/html; charset=utf-8"}),
        f"its answer is not JSON (text/html): is this {API}?",
    ),
    (
        Reply(SECRET, headers={"Content-Type": "x" * 99}),
        f"its answer is not JSON: is this {API}?",
    ),
    (Reply(b'"\xff"'), f"its answer is not JSON (application/json): is this {API}?"),
    (Reply('"\\ud800"'), f"its answer is not JSON (application/json): is this {API}?"),
    (Reply(""), f"its answer is not JSON (application/json): is this {API}?"),
    (Reply([1], short=5), "its answer breaks off"),
    (Reply([1], late=3), "no answer within 0.2 s"),
]


@pytest.mark.parametrize(("reply", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_no_answer(reply: Reply, message: str) -> None:
    with serving({"/a": reply}) as server:
        assert refusal(server.url, timeout=0.2) == message


def test_credentials_that_are_missing() -> None:
    with serving({"/a": Reply({}, 401)}) as server:
        assert refusal(server.url, headers={}) == f"it asks for credentials (401): {WAYS}"


def test_a_status_that_is_expected() -> None:
    with serving({"/a": Reply(SECRET, 405)}) as server, client(server.url) as one:
        answer = one.get("/a", expected=(404, 405))
        assert (answer.status, answer.data) == (405, None)


def test_an_empty_answer_that_is_expected() -> None:
    with serving({"/a": Reply("")}) as server, client(server.url) as one:
        assert one.get("/a", empty=True).data is None


def test_answers_without_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGEST", 1 << 20)
    with serving({"/a": "1" * 600}) as server, client(server.url, left=1000) as one:
        one.get("/a")
        with pytest.raises(PullError, match="its answers are larger than 1 MiB"):
            one.get("/a")


def test_an_answer_that_trickles(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0)
    with serving({"/a": [1]}) as server:
        assert refusal(server.url) == "no answer within 10 s"


@pytest.mark.parametrize("location", ["/b", "b", "{url}/b", "/ä/../b"])
def test_a_redirect_to_the_same_place(location: str) -> None:
    replies: dict[str, Any] = {"/b": [1], "/%C3%83%C2%A4/../b": [1]}
    with serving(replies) as server, client(server.url) as one:
        where = location.format(url=server.url)
        server.replies["/a"] = Reply({}, 302, {"Location": where})
        assert one.get("/a").data == [1]


REDIRECTS = {
    "http://elsewhere.test/a": "http://elsewhere.test:80",
    "//elsewhere.test/a": "http://elsewhere.test:80",
    f"http://u:{SECRET}@elsewhere.test/{SECRET}": "http://elsewhere.test:80",
    "https://127.0.0.1/a": "https://127.0.0.1:443",
    "http://127.0.0.1:1/a": "http://127.0.0.1:1",
    "http://127.0.0.1:no/a": "another URL",
    "file:///etc/passwd": "another URL",
}


@pytest.mark.parametrize(("location", "shown"), REDIRECTS.items(), ids=REDIRECTS)
def test_a_redirect_to_another_host(location: str, shown: str) -> None:
    with serving({"/a": Reply({}, 301, {"Location": location})}) as server:
        assert refusal(server.url) == (
            f"it redirects to {shown}, where credentials must not go:"
            " give the URL of the API itself"
        )
    assert server.targets == ["/a"]


def test_redirects_without_an_end() -> None:
    with serving({"/a": Reply({}, 307, {"Location": "/a"})}) as server:
        assert refusal(server.url) == "it redirects without an end"


@contextmanager
def answering(data: bytes) -> Iterator[str]:
    """A server that answers every connection with the same bytes."""
    with socket.create_server((HOST, 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1 << 16)
                connection.sendall(data)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://{HOST}:{listening.getsockname()[1]}"
        thread.join()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"SSH-2.0-OpenSSH_9.2\r\n", "what it answers is not HTTP"),
        (b"", "nobody answers: the connection broke"),
        (b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n", "what it answers is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1", "its answer breaks off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "its answer breaks off"),
    ],
    ids=["no HTTP", "nothing", "headers without an end", "half a chunk", "no chunk"],
)
def test_what_is_not_http(data: bytes, message: str) -> None:
    with answering(data) as url:
        assert refusal(url) == message


def test_nobody_there() -> None:
    url = f"http://{HOST}:{unused_port()}"
    assert refusal(url) == "nobody answers: Connection refused"


def test_no_such_host(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    assert refusal("http://nowhere.invalid") == "there is no such host"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def secure(authority: Authority) -> Iterator[Server]:
    with serving({"/a": [1]}, authority.server(HOST)) as server:
        yield server


def test_a_certificate_of_the_given_authority(secure: Server, authority: Authority) -> None:
    context = tls_context(str(authority.file), insecure=False)
    with client(secure.url, context=context) as one:
        assert one.get("/a").data == [1]


def test_a_certificate_that_nobody_checks(secure: Server) -> None:
    with client(secure.url, context=tls_context(None, insecure=True)) as one:
        assert one.get("/a").data == [1]


def test_a_certificate_that_is_not_trusted(secure: Server) -> None:
    told = refusal(secure.url, context=tls_context(None, insecure=False))
    assert told.startswith("its certificate is not trusted: ")
    assert told.endswith("; --ca-file FILE names a CA")
    assert secure.asked == []


def test_a_certificate_of_another_name(authority: Authority) -> None:
    with serving({"/a": [1]}, authority.server("other.test")) as server:
        told = refusal(server.url, context=tls_context(str(authority.file), insecure=False))
    assert told.startswith("its certificate is not trusted: IP address mismatch")


def test_tls_where_there_is_none(authority: Authority) -> None:
    with serving({"/a": [1]}) as server:
        url = server.url.replace("http:", "https:")
        told = refusal(url, context=tls_context(str(authority.file), insecure=False))
    assert told.startswith("TLS fails: ")


def test_authorities_that_are_none(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing", encoding="utf-8")
    with pytest.raises(UsageError, match=r"ca\.pem: it holds no certificates"):
        tls_context(str(tmp_path / "ca.pem"), insecure=False)
    with pytest.raises(UsageError, match=r"none\.pem: No such file"):
        tls_context(str(tmp_path / "none.pem"), insecure=False)
