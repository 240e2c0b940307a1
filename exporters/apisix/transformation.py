"""Changes of JSON bodies: APISIX demands fields (`request-validation`), and makes none
(https://apisix.apache.org/docs/apisix/plugins/request-validation/).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gal.exporters.apisix.plugin import Plugins, differs
from gal.exporters.apisix.traffic import AFTER_CREDENTIALS
from gal.model import Transformation

if TYPE_CHECKING:
    from gal.exporters.apisix.build import RouteBuild, Shared

_FEATURE = "transformation"
_CHANGES = {
    "defaults": "APISIX puts no fields into a body",
    "computed_fields": "APISIX makes up no fields of a body",
    "request": "APISIX does not change the fields of a request's body",
    "response": "APISIX does not change the fields of an answer's body",
}


def acting(build: RouteBuild) -> Transformation | None:
    """The service's own transformation stands between the route's and those of wider scopes."""
    own = build.route.policies.transformation
    if own is None and build.service is not None and build.service.transformation is not None:
        own = build.service.transformation
        return own if own.enabled else None
    return build.scopes.find(lambda policies: policies.transformation)


def transformation(policy: Transformation, shared: Shared) -> Plugins:
    """A `request-validation` plugin for the fields that have to be there."""
    for name, message in _CHANGES.items():
        if getattr(policy, name):
            shared.context.report.dropped(policy, _FEATURE, message, name)
            if name in ("request", "response"):
                shared.context.claims.claim(getattr(policy, name))
            for item in policy.computed_fields if name == "computed_fields" else []:
                shared.context.claims.claim(item)
    if policy.validation is None or not policy.validation.required_fields:
        return {}
    message = "a request without a body, or with one that is no JSON, is refused, too"
    differs(shared, policy.validation, _FEATURE, message, "required_fields")
    schema = {"type": "object", "required": list(policy.validation.required_fields)}
    meta = {"priority": AFTER_CREDENTIALS}
    return {"request-validation": {"body_schema": schema, "rejected_code": 400, "_meta": meta}}
