"""Certificates for tests: one authority a run, and whatever it signs."""

from __future__ import annotations

import functools
import ssl
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import trustme


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its private key, both as PEM."""

    chain: str
    key: str


class Authority:
    """A certificate authority that lives as long as the test run.

    Attributes:
        pem: its own certificate.
    """

    def __init__(self) -> None:
        self._ca = trustme.CA()
        self._folder = TemporaryDirectory(prefix="gal-ca-")
        self.pem = self._ca.cert_pem.bytes().decode()

    @property
    def file(self) -> Path:
        """The authority's certificate as a file."""
        return self._file("ca.pem", self.pem)

    @functools.lru_cache(maxsize=64)  # noqa: B019 - an authority lives as long as the run
    def issue(self, *names: str) -> Certificate:
        """Issue a certificate for DNS names and IP addresses; the first one is its common name."""
        issued = self._ca.issue_cert(*names, common_name=names[0])
        chain = "".join(blob.bytes().decode() for blob in issued.cert_chain_pems)
        return Certificate(chain, issued.private_key_pem.bytes().decode())

    def server(self, *names: str, ask_client: bool = False) -> ssl.SSLContext:
        """Make a server's context; `ask_client` refuses clients without a certificate of ours."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._load(context, self.issue(*names))
        if ask_client:
            context.load_verify_locations(cadata=self.pem)
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self, *names: str, verify: bool = True) -> ssl.SSLContext:
        """Make a client's context that trusts this authority, with a certificate for `names`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        if verify:
            context.load_verify_locations(cadata=self.pem)
        else:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if names:
            self._load(context, self.issue(*names))
        return context

    def _load(self, context: ssl.SSLContext, certificate: Certificate) -> None:
        name = f"{abs(hash(certificate)):x}"
        chain = self._file(f"{name}.pem", certificate.chain)
        context.load_cert_chain(chain, self._file(f"{name}.key", certificate.key))

    def _file(self, name: str, text: str) -> Path:
        path = Path(self._folder.name) / name
        if not path.exists():
            path.write_text(text, encoding="utf-8")
        return path


@functools.cache
def authority() -> Authority:
    """The authority of this run, made when first asked for."""
    return Authority()
