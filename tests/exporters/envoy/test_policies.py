"""Which policies act on a route, in which order, from which scope."""

from __future__ import annotations

from typing import Any

import pytest

from gal.exporters.envoy.policies import apply_policies
from gal.model import (
    Authentication,
    DirectResponse,
    Gateway,
    Guard,
    Headers,
    IpAccess,
    Operations,
    Policies,
    RequestId,
    Service,
    SizeLimit,
    Transformation,
)
from gal.scopes import Scopes
from tests.exporters.envoy.built import built


def sets(value: str, side: str = "request") -> Headers:
    operations = Operations(set={"x-from": [value]})
    return Headers(request=operations) if side == "request" else Headers(response=operations)


OFF = Headers(enabled=False)
NAME = "gal.headers"


def steps(
    levels: tuple[Policies, ...], side: str = "request", service: Service | None = None
) -> list[str]:
    case = built(policies=levels[0])
    case.build.scopes = Scopes(levels)
    case.build.service = service
    apply_policies(case.build, case.shared)
    return [step.rpartition(" ")[2] for step in case.steps(NAME, side)]


@pytest.mark.parametrize(
    ("route", "service", "everywhere", "request_side", "response_side"),
    [
        pytest.param(sets("a"), None, sets("c"), ["a"], [], id="the route's"),
        pytest.param(None, sets("b"), sets("c"), ["b"], [], id="the service's"),
        pytest.param(
            sets("a"), sets("b", "response"), sets("c", "response"), ["a"], ["b"], id="by side"
        ),
        pytest.param(OFF, sets("b"), None, [], [], id="switched off"),
        pytest.param(sets("a"), OFF, sets("c", "response"), ["a"], [], id="one side switched off"),
    ],
)
def test_headers(
    route: Headers | None,
    service: Headers | None,
    everywhere: Headers | None,
    request_side: list[str],
    response_side: list[str],
) -> None:
    levels = tuple(Policies(headers=one) for one in (route, service, everywhere))
    assert steps(levels) == request_side
    assert steps(levels, "response") == response_side


@pytest.mark.parametrize(
    ("own", "of_service", "everywhere", "values"),
    [
        pytest.param(None, sets("s"), None, ["s", "h"], id="the service's first"),
        pytest.param(sets("t"), sets("s"), None, ["s", "t", "h"], id="service, route"),
        pytest.param(None, None, sets("g"), ["g", "h"], id="everywhere"),
        pytest.param(None, sets("s"), sets("g"), ["s", "h"], id="the service's wins"),
        pytest.param(None, OFF, None, ["h"], id="switched off"),
    ],
)
def test_headers_of_transformations(
    own: Headers | None, of_service: Headers | None, everywhere: Headers | None, values: list[str]
) -> None:
    def made(headers: Headers | None) -> Transformation | None:
        return None if headers is None else Transformation(headers=headers)

    levels = (
        Policies(headers=sets("h"), transformation=made(own)),
        Policies(transformation=made(everywhere)),
    )
    assert steps(levels, service=Service(transformation=made(of_service))) == values


def test_order() -> None:
    policies: dict[str, Any] = {
        "headers": sets("a"),
        "size_limit": SizeLimit(),
        "ip_access": IpAccess(deny=["::1"]),
        "request_id": RequestId(),
    }
    case = built(policies=Policies(**policies))
    apply_policies(case.build, case.shared)
    chain = [one["name"] for one in case.shared.filters.render()]
    assert chain == ["gal.request_id", "gal.ip_access", "gal.size_limit", "gal.headers"]


def test_nobody_gets_an_answer_where_everybody_is_refused() -> None:
    guarded = Authentication(guards=[Guard("ldap-auth", "kong")])
    answer = DirectResponse(status_code=200, trigger="x-now")
    case = built(
        gateway=Gateway(), policies=Policies(authentication=guarded, direct_response=answer)
    )
    apply_policies(case.build, case.shared)
    assert case.build.refusal is not None
    assert case.build.alternatives == []
