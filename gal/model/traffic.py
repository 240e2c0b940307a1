"""Policies about single requests: ids, sizes, copies, compression, caching, own answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from gal.model.node import Policy
from gal.model.values import Duration, Size


class RequestIdFormat(str, Enum):
    """How a request's id is made."""

    UUID = "uuid"
    UUID_COUNTER = "uuid_counter"
    TRACKER = "tracker"


@dataclass(slots=True)
class RequestId(Policy):
    """A request gets an id if it has none (Kong `correlation-id`, APISIX `request-id`).

    Attributes:
        header_name: the header.
        format: how the id is made: a UUID; a UUID and a count of requests; or address, port, time
            and counts of the connection.
        echo: the client gets it back in the same header.
        keep_existing: an id that the client sent stays.
    """

    header_name: str = "X-Request-ID"
    format: RequestIdFormat = RequestIdFormat.UUID
    echo: bool = False
    keep_existing: bool = True


@dataclass(slots=True)
class SizeLimit(Policy):
    """The largest request body; a larger one is refused with 413.

    Attributes:
        max_body: inclusive.
        require_content_length: a request that does not say its length is refused with 411.
    """

    max_body: Size = field(default_factory=lambda: Size.parse("128MiB"))
    require_content_length: bool = False


@dataclass(slots=True)
class Mirror(Policy):
    """A copy of the request goes to another upstream, whose answer is thrown away.

    Attributes:
        upstream: name of the upstream.
        percent: share of the requests, 0 to 100.
    """

    upstream: str
    percent: float = 100


@dataclass(slots=True)
class Compression(Policy):
    """Answers are compressed when the client asks for it.

    Attributes:
        algorithms: in order of preference: `gzip`, `br`, `zstd`.
        content_types: media types that are compressed; empty leaves it to the provider.
        min_size: shorter bodies stay as they are.
        level: 1 (fast) to 9 (small), for gzip; unset leaves it to the provider.
    """

    algorithms: list[str] = field(default_factory=lambda: ["gzip"])
    content_types: list[str] = field(default_factory=list)
    min_size: Size | None = None
    level: int | None = None


@dataclass(slots=True)
class Cache(Policy):
    """Answers are kept and given again (Kong and APISIX `proxy-cache`).

    Attributes:
        methods: requests whose answers are kept.
        status_codes: answers that are kept.
        content_types: media types that are kept; empty means all.
        ttl: how long.
        respect_cache_control: `Cache-Control` of both sides decides.
        vary_headers: request headers that tell answers apart.
        vary_query_params: query parameters that tell answers apart; empty means all of them.
        ignore_path_case: paths are compared without case.
        report_headers: response headers that tell of the cache: `key`, `status`, `age`.
    """

    methods: list[str] = field(default_factory=lambda: ["GET", "HEAD"])
    status_codes: list[int] = field(default_factory=lambda: [200, 301, 404])
    content_types: list[str] = field(default_factory=list)
    ttl: Duration = field(default_factory=lambda: Duration.seconds(300))
    respect_cache_control: bool = False
    vary_headers: list[str] = field(default_factory=list)
    vary_query_params: list[str] = field(default_factory=list)
    ignore_path_case: bool = False
    report_headers: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Redirect(Policy):
    """The client is sent elsewhere. Parts that are unset stay as the client asked.

    Attributes:
        location: the whole new location; excludes the parts below.
        scheme: `http` or `https`.
        host: new host.
        port: new port.
        path: new path.
        keep_path: append the request's path and query to `location`.
        strip_query: leave the query away.
        status_code: 301, 302, 303, 307 or 308.
    """

    location: str | None = None
    scheme: str | None = None
    host: str | None = None
    port: int | None = None
    path: str | None = None
    keep_path: bool = False
    strip_query: bool = False
    status_code: int = 301


@dataclass(slots=True)
class DirectResponse(Policy):
    """The gateway answers itself; the upstream sees nothing (Kong `request-termination`).

    Attributes:
        status_code: HTTP status.
        body: the body; unset sends none, or the message.
        message: a text; a provider that answers in JSON wraps it as `{"message": ...}`.
        content_type: of the body.
        trigger: only requests with this header or query parameter are answered.
        echo: the answer repeats the request.
    """

    status_code: int = 503
    body: str | None = None
    message: str | None = None
    content_type: str | None = None
    trigger: str | None = None
    echo: bool = False
