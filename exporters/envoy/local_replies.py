"""Texts of refusals that differ from Envoy's own.

Source: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_conn_man/local_reply
"""

from __future__ import annotations

from gal.exporters.envoy.build import EXTENSION, Json, Shared

_CEL = EXTENSION + "access_loggers.filters.cel.v3.ExpressionFilter"
_JSON_TYPE = "application/json; charset=utf-8"
_BAD_ANSWER = '{"message":"An invalid response was received from the upstream server"}'
_NO_ANSWER = ["UF", "UC", "UR"]
"""No connection, one that ended before the answer, a stream that the upstream reset."""


def local_replies(shared: Shared) -> Json:
    """`local_reply_config` of a connection manager: the texts that routes have marks for, and 502
    for an upstream that cannot be reached or breaks off, where Envoy says 503.
    """
    mappers = [
        _mapper([_status(original), _marked(label)], status, body, content_type)
        for label, original, status, body, content_type in shared.replies.items()
    ]
    unreachable = {"response_flag_filter": {"flags": _NO_ANSWER}}
    mappers.append(_mapper([_status(503), unreachable], 502, _BAD_ANSWER, _JSON_TYPE))
    return {"local_reply_config": {"mappers": mappers}}


def _mapper(filters: list[Json], status: int, body: str, content_type: str) -> Json:
    text = {"text_format_source": {"inline_string": "%LOCAL_REPLY_BODY%"}}
    return {
        "filter": {"and_filter": {"filters": filters}},
        "status_code": status,
        "body": {"inline_string": body},
        "body_format_override": {**text, "content_type": content_type},
    }


def _status(status: int) -> Json:
    value = {"default_value": status, "runtime_key": "gal.unused"}
    return {"status_code_filter": {"comparison": {"op": "EQ", "value": value}}}


def _marked(label: str) -> Json:
    """Whether the route has the mark."""
    expression = f"'{label}' in xds.route_metadata.filter_metadata['gal']"
    config = {"@type": _CEL, "expression": expression}
    return {"extension_filter": {"name": "gal.mark", "typed_config": config}}
