"""A client that only reads: GET, of JSON, from one host, in bounds.

It follows no redirect to another host, since a token would travel along, and asks no proxy. Nothing
of what is sent or of an answer's text gets into an error.
"""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import string
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode, urljoin, urlsplit

from gal import __version__
from gal.errors import GalError, UsageError
from gal.pull.address import Address

_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MOST_REDIRECTS = 5
_LARGEST = 256 << 20
_PART = 1 << 16
_PATIENCE = 30
"""How many times the timeout one answer may take as a whole."""


class PullError(GalError):
    """A gateway does not give its configuration; the message says why, on one line."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A gateway's answer.

    Attributes:
        status: HTTP status.
        data: what its JSON says; None for an expected status besides 200, or no text.
        headers: by name in small letters.
    """

    status: int
    data: Any
    headers: Mapping[str, str]


@dataclass(slots=True)
class Client:
    """Asks one API.

    Attributes:
        address: where it is.
        api: what it is, for messages.
        headers: with every request; they hold the token.
        context: how TLS is spoken; unset for plain HTTP.
        timeout: seconds to wait for a connection, and for every part of an answer.
        left: how many bytes all further answers may have together.
    """

    address: Address
    api: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    context: ssl.SSLContext | None = None
    timeout: float = 10.0
    left: int = _LARGEST
    _connection: http.client.HTTPConnection | None = None

    def get(
        self,
        path: str,
        query: Mapping[str, str] | None = None,
        *,
        expected: Collection[int] = (),
        empty: bool = False,
    ) -> Answer:
        """Ask for what is below the base URL.

        Args:
            path: begins with a slash; escaped.
            query: parameters.
            expected: statuses that are an answer, too; their text is not read as JSON.
            empty: an answer without a text is one, too.

        Raises:
            PullError: nobody answers, or with another status than 200, or not with JSON.
        """
        target = f"{self.address.prefix}{path}"
        if query:
            target += f"?{urlencode(query)}"
        for _ in range(_MOST_REDIRECTS):
            status, headers, body = self._ask(target)
            if status not in _REDIRECTS:
                break
            target = self._redirected(target, headers.get("location", ""))
        else:
            raise self.error("it redirects without an end")
        if status == 200:
            data = None if empty and not body else self._json(body, headers)
            return Answer(status, data, headers)
        if status in expected:
            return Answer(status, None, headers)
        raise self._refusal(status, path)

    def error(self, reason: str) -> PullError:
        """An error that names the gateway."""
        return PullError(f"{self.address.origin}: {reason}")

    def strange(self, path: str) -> PullError:
        """The error for an answer of another shape than the API has."""
        return self.error(f"{path} answers with something else than {self.api} does")

    def close(self) -> None:
        """End the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self, target: str) -> tuple[int, dict[str, str], bytes]:
        used = self._connection is not None
        try:
            return self._once(target)
        except (ConnectionError, http.client.BadStatusLine) as error:
            # A gateway may end a connection that waits; that says nothing about a new one.
            failure: Exception = error
        except (OSError, http.client.HTTPException) as error:
            used, failure = False, error
        self.close()
        if used:
            return self._ask(target)
        raise self._unreachable(failure) from None

    def _once(self, target: str) -> tuple[int, dict[str, str], bytes]:
        if self._connection is None:
            self._connection = self._connected()
        connection = self._connection
        headers = {
            "Accept": "application/json",
            "User-Agent": f"gal/{__version__}",
            **self.headers,
        }
        connection.request("GET", target, headers=headers)
        with connection.getresponse() as response:
            body = self._body(response)
            if response.will_close:
                self.close()
            fields = {name.lower(): value for name, value in response.getheaders()}
            return response.status, fields, body

    def _connected(self) -> http.client.HTTPConnection:
        host, port = self.address.host, self.address.port
        if self.address.scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=self.timeout)
        return http.client.HTTPSConnection(host, port, timeout=self.timeout, context=self.context)

    def _body(self, response: http.client.HTTPResponse) -> bytes:
        body = bytearray()
        deadline = time.monotonic() + self.timeout * _PATIENCE
        while part := response.read1(_PART):
            body += part
            self.left -= len(part)
            if self.left < 0:
                raise self.error(f"its answers are larger than {_LARGEST >> 20} MiB")
            if time.monotonic() > deadline:
                raise TimeoutError
        if response.length:
            raise http.client.IncompleteRead(b"", response.length)
        return bytes(body)

    def _redirected(self, target: str, location: str) -> str:
        where = urlsplit(urljoin(f"{self.address.origin}{target}", location))
        try:
            port = where.port or {"http": 80, "https": 443}.get(where.scheme, 0)
        except ValueError:
            port = 0
        own = self.address
        if (where.scheme, where.hostname, port) != (own.scheme, own.host, own.port):
            host = "".join(filter(str.isprintable, where.hostname or ""))
            name = f"{where.scheme}://{host}:{port}" if port and host else "another URL"
            reason = f"it redirects to {name}, where credentials must not go"
            raise self.error(f"{reason}: give the URL of the API itself")
        return quote(where._replace(scheme="", netloc="").geturl(), safe=string.punctuation)

    def _json(self, body: bytes, headers: Mapping[str, str]) -> Any:
        try:
            data = json.loads(body)
            if b"\\u" in body:
                json.dumps(data, ensure_ascii=False).encode()  # half a surrogate pair is no text
            return data
        except ValueError:
            found = headers.get("content-type", "").partition(";")[0].strip()
            kind = f" ({found})" if found.isprintable() and 0 < len(found) < 40 else ""
            raise self.error(f"its answer is not JSON{kind}: is this {self.api}?") from None

    def _refusal(self, status: int, path: str) -> PullError:
        if status == 401:
            said = "does not accept these credentials" if self.headers else "asks for credentials"
            return self.error(
                f"it {said} (401): --token-env NAME, or USER:PASSWORD@ in the URL, gives them"
            )
        if status == 403:
            return self.error(f"these credentials may not read {path} (403)")
        if status == 404:
            return self.error(f"there is no {path} (404): is this {self.api}?")
        plain = status == 400 and self.address.scheme == "http"
        hint = ": does it want https?" if plain else ""
        return self.error(f"{path} answers with the status {status}{hint}")

    def _unreachable(self, error: Exception) -> PullError:
        if isinstance(error, ssl.SSLCertVerificationError):
            why = error.verify_message.rstrip(".")
            return self.error(f"its certificate is not trusted: {why}; --ca-file FILE names a CA")
        if isinstance(error, ssl.SSLError):
            return self.error(f"TLS fails: {_words(error.reason)}")
        if isinstance(error, TimeoutError):
            return self.error(f"no answer within {self.timeout:g} s")
        if isinstance(error, socket.gaierror):
            return self.error("there is no such host")
        if isinstance(error, http.client.IncompleteRead):
            return self.error("its answer breaks off")
        if not isinstance(error, OSError):
            return self.error("what it answers is not HTTP")
        return self.error(f"nobody answers: {error.strerror or 'the connection broke'}")


def _words(reason: str | None) -> str:
    return (reason or "no reason given").lower().replace("_", " ")


def tls_context(ca_file: str | None, *, insecure: bool) -> ssl.SSLContext:
    """How servers are checked: against the system's authorities or those of a file.

    Raises:
        UsageError: the file holds no certificates.
    """
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        why = "it holds no certificates" if isinstance(error, ssl.SSLError) else error.strerror
        raise UsageError(f"cannot use {ca_file}: {why}") from None
    if insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
