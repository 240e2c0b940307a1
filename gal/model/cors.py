"""Cross-origin resource sharing."""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.model.node import Policy
from gal.model.values import Duration, Regex


@dataclass(slots=True)
class Cors(Policy):
    """Which foreign pages may read answers (https://fetch.spec.whatwg.org/#http-cors-protocol).

    Attributes:
        allowed_origins: exact origins, or `*` for any.
        allowed_origin_patterns: expressions on the origin.
        reflect_any_origin: any origin is allowed and answered with its own name, not with `*`.
        allowed_methods: for preflights.
        allowed_headers: for preflights; empty repeats what the preflight asks for.
        expose_headers: headers of answers that pages may read.
        allow_credentials: cookies and credentials may be sent.
        max_age: how long a preflight's answer is kept, in YAML a number of seconds or a duration;
            unset leaves it to the browser.
        forward_preflight: preflights go to the upstream, too.
        private_network: pages of public networks may reach private ones.
        allow_origin_when_absent: a request without `Origin` gets the CORS headers, too.
    """

    allowed_origins: list[str] = field(default_factory=lambda: ["*"])
    allowed_origin_patterns: list[Regex] = field(default_factory=list)
    reflect_any_origin: bool = False
    allowed_methods: list[str] = field(
        default_factory=lambda: ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE", "OPTIONS"]
    )
    allowed_headers: list[str] = field(default_factory=list)
    expose_headers: list[str] = field(default_factory=list)
    allow_credentials: bool = False
    max_age: Duration | None = field(default_factory=lambda: Duration.seconds(86400))
    forward_preflight: bool = False
    private_network: bool = False
    allow_origin_when_absent: bool = False
