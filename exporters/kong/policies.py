"""What the policies of a scope are in Kong: one plugin or several."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gal.exporters.kong import access, rate_limit, traffic
from gal.exporters.kong.authentication import Asked, Authentications
from gal.exporters.kong.build import Build
from gal.exporters.kong.cors import cors
from gal.exporters.kong.inline import MADE_UP
from gal.exporters.kong.instance import Instance, Scope, split
from gal.exporters.kong.transformers import request_transformer, response_transformer
from gal.model import Acl, Cache, Policies, Policy
from gal.two_consumers import MESSAGE, may_name_two

AUTHENTICATION = frozenset(("basic-auth", "key-auth", "jwt", "oauth2", "openid-connect"))
NEVER_BY_CONSUMER = frozenset(("cors", "acl", "bot-detection", "authentication"))
_NOBODY = "gal-nobody"
_FORBIDDEN = {"status_code": 403, "message": "Forbidden"}


@dataclass(slots=True)
class Wanted:
    """The plugins that have to act in a scope.

    Attributes:
        instances: by what there can be one of.
        guards: keys of those that ask for credentials or guard otherwise.
        mandatory: whether one of these lets nobody through without credentials.
    """

    instances: dict[str, Instance] = field(default_factory=dict)
    guards: set[str] = field(default_factory=set)
    mandatory: bool = False


class Translator:
    """Translates the policies of scopes; a policy that many inherit is translated once."""

    def __init__(self, build: Build, authentications: Authentications) -> None:
        self.build = build
        self.authentications = authentications
        self.made: dict[int, Instance | None] = {}
        self.told: set[int] = set()
        self.inline = any(self._names_users(policies) for policies in self._all())

    def wanted(self, scope: Scope) -> Wanted:
        """All plugins for the requests of a scope."""
        result = Wanted()
        asked = self._asked(scope)
        refusal = self._refusal(scope, asked)
        for instance in self._simple(scope):
            result.instances[instance.key] = instance
        for instance in asked.instances:
            result.instances[instance.key] = instance
            result.guards.add(instance.key)
        result.mandatory = asked.mandatory
        group = None if refusal is not None else self._acl(scope, asked)
        for made in (
            group,
            request_transformer(scope, self.build),
            response_transformer(scope, self.build),
        ):
            if made is not None:
                result.instances[made.key] = made
        if refusal is not None:
            for name in ("redirect", "proxy-cache"):
                result.instances.pop(name, None)
            ending = Instance("request-termination", dict(_FORBIDDEN))
            result.instances[ending.key] = ending
        return result

    def transformer(self, name: str, scope: Scope) -> Instance | None:
        """One of the two transformers of a scope."""
        make = request_transformer if name.startswith("request-") else response_transformer
        return make(scope, self.build)

    def _all(self) -> list[Policies]:
        gateway = self.build.gateway
        found = [gateway.policies]
        found += [service.policies for service in gateway.services]
        found += [route.policies for _, route in gateway.walk_routes()]
        return found

    def _names_users(self, policies: Policies) -> bool:
        policy = policies.authentication
        if policy is None or not policy.enabled:
            return False
        users = policy.basic is not None and bool(policy.basic.users)
        return users or (policy.api_key is not None and bool(policy.api_key.keys))

    def _asked(self, scope: Scope) -> Asked:
        policy = scope.find(lambda policies: policies.authentication)
        return Asked() if policy is None else self.authentications.asked(policy)

    def _refusal(self, scope: Scope, asked: Asked) -> str | None:
        reason = asked.refusal
        if scope.route is not None:
            reason = scope.route.refusal or reason
        policy = scope.find(lambda policies: policies.acl)
        if policy is not None and policy.allow and policy.deny:
            message = "Kong asks for groups or refuses groups, not both"
            reason = self.build.refuse(policy, "acl", message) or reason
        agents = scope.find(lambda policies: policies.user_agent)
        if agents is not None and agents.refuse_missing:
            message = "Kong does not ask whether there is a User-Agent"
            reason = self.build.refuse(agents, "user_agent", message) or reason
        if asked.groups and asked.consumers:
            message = "Kong cannot tell users of this policy from consumers in one list"
            found = scope.find(lambda policies: policies.authentication)
            if found is not None:
                reason = self.build.refuse(found, "authentication", message) or reason
        return reason

    def _acl(self, scope: Scope, asked: Asked) -> Instance | None:
        policy = scope.find(lambda policies: policies.acl)
        if policy is not None and not policy.allow and not policy.deny:
            policy = None
        if policy is not None:
            self._report_two(policy, scope)
        if asked.groups and policy is not None and policy.allow:
            return Instance("acl", {"allow": [_NOBODY]})
        if asked.groups:
            return Instance("acl", {"allow": list(asked.groups), "hide_groups_header": True})
        made = None if policy is None else self._group_list(policy)
        if not (self.inline and asked.consumers) or (policy is not None and policy.allow):
            return made
        if made is None:
            return Instance("acl", {"deny": [MADE_UP], "hide_groups_header": True})
        made.config["deny"] = [*made.config["deny"], MADE_UP]
        return made

    def _report_two(self, policy: Acl, scope: Scope) -> None:
        if self.build.native or id(policy) in self.told:
            return
        self.told.add(id(policy))
        if may_name_two(scope.find(lambda policies: policies.authentication)):
            self.build.report.approximated(policy, "acl", MESSAGE)

    def _group_list(self, policy: Acl) -> Instance:
        around, config = split(policy.extensions)
        if policy.allow:
            config["allow"] = list(policy.allow)
        else:
            config["deny"] = list(policy.deny)
        if policy.hide_groups_header:
            config["hide_groups_header"] = True
        if policy.authenticated_groups:
            config["always_use_authenticated_groups"] = True
        if policy.status_code != 403:
            message = "Kong refuses with 403"
            self.build.report.approximated(policy, "acl", message, "status_code")
        return Instance("acl", config, around)

    def _simple(self, scope: Scope) -> list[Instance]:
        """Policies that are one plugin each."""
        found: list[Instance | None] = [
            self._one(scope, lambda one: one.request_id, traffic.request_id),
            self._one(scope, lambda one: one.user_agent, access.user_agent),
            self._one(scope, lambda one: one.cors, cors),
            self._one(scope, lambda one: one.ip_access, access.ip_access),
            self._one(scope, lambda one: one.size_limit, traffic.size_limit),
            self._one(scope, lambda one: one.rate_limit, rate_limit.rate_limit),
            self._one(scope, lambda one: one.response_rate_limit, rate_limit.response_rate_limit),
            self._one(scope, lambda one: one.direct_response, traffic.direct_response),
            self._one(scope, lambda one: one.redirect, traffic.redirect),
            self._cache(scope),
        ]
        return [one for one in found if one is not None]

    def _one(
        self,
        scope: Scope,
        kind: Callable[[Policies], Policy | None],
        make: Callable[..., Instance | None],
    ) -> Instance | None:
        policy = scope.find(kind)
        if policy is None:
            return None
        if id(policy) not in self.made:
            self.made[id(policy)] = make(policy, self.build)
        return self.made[id(policy)]

    def _cache(self, scope: Scope) -> Instance | None:
        """A cache that keeps nothing is written as Kong has it, with an empty list."""
        for policies in scope.levels:
            policy: Cache | None = policies.cache
            if policy is None:
                continue
            empty = not policy.content_types or not policy.methods
            if policy.enabled or (empty and self.build.native):
                if id(policy) not in self.made:
                    self.made[id(policy)] = traffic.cache(policy, self.build)
                return self.made[id(policy)]
            return None
        return None
