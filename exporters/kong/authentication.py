"""Who may enter by credentials (https://developer.konghq.com/plugins/?category=authentication).

Kong's credentials are the consumers'. Users and keys that a policy names itself become consumers,
with a group for each policy, so that a key opens what it is meant for and nothing else. Of several
kinds any does where each plugin lets everybody through as an `anonymous` consumer; whom none of
them knows is then turned away by that consumer's own `request-termination`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.claims import unwrap
from gal.exporters.kong.build import Build, Json, below, is_header, kept, put
from gal.exporters.kong.inline import InlineConsumers
from gal.exporters.kong.instance import Instance, split
from gal.exporters.kong.oauth2 import oauth2
from gal.model import (
    ApiKeyAuth,
    Authentication,
    BasicAuth,
    JwtAuth,
    ModelNode,
    Require,
)

ANONYMOUS = "gal-anonymous"
"""Name of the consumer that stands for those whom nothing lets in."""

_FORWARD = "Kong's open edition asks no other service who may enter"
_NO_KEYS = "Kong's jwt plugin knows the consumers' keys only, no JSON Web Key Set"


@dataclass(slots=True)
class Asked:
    """What an authentication is in Kong.

    Attributes:
        instances: its plugins.
        refusal: why everybody is refused, if so.
        groups: of whom it lets in, where it names users or keys itself.
        consumers: whether it asks for consumers' credentials that made-up consumers have, too.
        mandatory: whether one of the plugins lets nobody through without credentials.
    """

    instances: list[Instance] = field(default_factory=list)
    refusal: str | None = None
    groups: list[str] = field(default_factory=list)
    consumers: bool = False
    mandatory: bool = False


@dataclass(slots=True)
class Authentications:
    """Translates authentications, each once."""

    build: Build
    inline: InlineConsumers
    needs_anonymous: bool = False
    _done: dict[int, Asked] = field(default_factory=dict)

    def asked(self, policy: Authentication) -> Asked:
        """What an authentication is in Kong."""
        key = id(unwrap(policy))
        if key not in self._done:
            self._done[key] = self._new(policy)
        return self._done[key]

    def _new(self, policy: Authentication) -> Asked:
        result = Asked()
        values = kept(policy.extensions)
        parts = self._parts(policy, result)
        anonymous = self._anonymous(policy, values, len(parts) + len(policy.guards), result)
        around = below(values, "plugins")
        for name, config in parts:
            if anonymous is not None:
                config["anonymous"] = anonymous
            result.instances.append(Instance(name, config, dict(below(around, name))))
        for guard in policy.guards:
            if guard.provider != "kong":
                reason = f"only {guard.provider} knows {guard.name}"
                result.refusal = self.build.refuse(guard, "authentication", reason)
                self.build.context.claims.claim(guard)
                continue
            beside, narrow = split({"kong": guard.settings})
            result.instances.append(Instance(guard.name, dict(guard.config), beside, narrow))
        result.mandatory = anonymous is None and bool(parts)
        result.mandatory |= any(
            "anonymous" not in one.config for one in result.instances if not one.narrow
        )
        return result

    def _parts(self, policy: Authentication, result: Asked) -> list[tuple[str, Json]]:
        parts: list[tuple[str, Json]] = []
        if policy.jwt is not None:
            parts.append(("jwt", self._jwt(policy.jwt, result)))
        if policy.oauth2 is not None:
            name, config, reason = oauth2(policy.oauth2, self.build)
            parts.append((name, config))
            if reason:
                result.refusal = self._refuse(policy.oauth2, reason, result)
        if policy.api_key is not None:
            parts.append(("key-auth", self._api_key(policy.api_key, result)))
        if policy.basic is not None:
            parts.append(("basic-auth", self._basic(policy.basic, result)))
        if policy.forward is not None:
            self.build.context.claims.claim(policy.forward)
            result.refusal = self._refuse(policy.forward, _FORWARD, result)
        if result.refusal is not None:
            return []
        return parts

    def _refuse(self, control: ModelNode, reason: str, result: Asked) -> str | None:
        return self.build.refuse(control, "authentication", reason) or result.refusal

    def _anonymous(
        self, policy: Authentication, values: Json, kinds: int, result: Asked
    ) -> str | None:
        if "anonymous" in values:
            return self._consumer(str(values["anonymous"]))
        several = kinds > 1
        if policy.anonymous is not None:
            if several and policy.require is Require.ALL:
                reason = "Kong cannot ask for several credentials and do without any of them"
                result.refusal = self._refuse(policy, reason, result)
            return self._consumer(policy.anonymous)
        if several and policy.require is Require.ANY and result.refusal is None:
            self.needs_anonymous = True
            message = "whom none of them knows is turned away as a consumer of its own, with 401"
            self.build.note(policy, "authentication", message)
            return ANONYMOUS
        return None

    def _consumer(self, name: str) -> str:
        """A consumer as a plugin names it: by its username, or else by its id."""
        for consumer in self.build.gateway.consumers:
            if consumer.name == name:
                unnamed = "username" in kept(consumer.extensions)
                return self.build.id_of(consumer.id) or name if unnamed else name
        return name

    def _basic(self, auth: BasicAuth, result: Asked) -> Json:
        config: Json = {}
        put(config, "realm", auth.realm, "service")
        put(config, "hide_credentials", auth.hide_credentials, False)
        if auth.users:
            result.groups.append(self.inline.users(auth))
            self._told(auth)
        else:
            result.consumers = True
        return config

    def _api_key(self, auth: ApiKeyAuth, result: Asked) -> Json:
        config: Json = {}
        places = (auth.header_names, auth.query_params, auth.body_fields)
        names = self._key_names(auth, result)
        if names:
            put(config, "key_names", names, ["apikey"])
        put(config, "key_in_header", bool(auth.header_names), True)
        put(config, "key_in_query", bool(auth.query_params), True)
        put(config, "key_in_body", bool(auth.body_fields), False)
        put(config, "hide_credentials", auth.hide_credentials, False)
        put(config, "realm", auth.realm)
        put(config, "run_on_preflight", auth.run_on_preflight, True)
        if any(place and place != names for place in places):
            message = "Kong looks for every name in every place that it looks into"
            self.build.report.approximated(auth, "authentication", message)
        if auth.cookie_names:
            message = "Kong does not look for keys in cookies: they do not open"
            self.build.report.approximated(auth, "authentication", message, "cookie_names")
        if auth.keys:
            result.groups.append(self.inline.keys(auth))
            self._told(auth)
        else:
            result.consumers = True
        return config

    def _key_names(self, auth: ApiKeyAuth, result: Asked) -> list[str]:
        """Where a key is looked for; without any name that Kong takes, everybody is refused."""
        places = (auth.header_names, auth.query_params, auth.body_fields)
        names = list(dict.fromkeys(name for place in places for name in place))
        known = [name for name in names if is_header(name)]
        for name in names:
            if name not in known:
                message = f'"{name}": Kong takes letters, digits, - and _ in names of keys'
                self.build.report.dropped(auth, "authentication", message)
        if names and not known:
            reason = "Kong takes none of the names of keys"
            result.refusal = self._refuse(auth, reason, result)
        return known

    def _told(self, auth: ModelNode) -> None:
        message = (
            "users and keys are consumers in Kong: the upstream is told who asks (X-Consumer-*)"
        )
        self.build.note(auth, "authentication", message)

    def _jwt(self, auth: JwtAuth, result: Asked) -> Json:
        reason = self._beyond(auth)
        if reason:
            result.refusal = self._refuse(auth, reason, result)
            self.build.context.claims.claim(auth)
        config: Json = {}
        put(config, "header_names", list(auth.header_names), ["authorization"])
        put(config, "uri_param_names", list(auth.query_params), ["jwt"])
        put(config, "cookie_names", list(auth.cookie_names), [])
        claims = [claim for claim in auth.verify_claims if claim in ("exp", "nbf")]
        put(config, "claims_to_verify", claims, [])
        if claims and not auth.require_claims:
            message = f"Kong refuses tokens without {' and '.join(claims)}"
            self.build.report.approximated(auth, "authentication", message, "verify_claims")
        put(config, "key_claim_name", auth.key_claim, "iss")
        put(config, "secret_is_base64", auth.secret_is_base64, False)
        if auth.max_lifetime is not None and "exp" in claims:
            put(config, "maximum_expiration", round(auth.max_lifetime.in_seconds), 0)
        put(config, "realm", auth.realm)
        put(config, "run_on_preflight", auth.run_on_preflight, True)
        self._jwt_differences(auth)
        return config

    def _jwt_differences(self, auth: JwtAuth) -> None:
        report = self.build.report
        if auth.header_prefix != "Bearer ":
            message = 'Kong looks for "Bearer" before the token: others do not open'
            report.approximated(auth, "authentication", message, "header_prefix")
        if auth.claims_to_headers:
            message = "Kong gives the upstream no claims"
            report.dropped(auth, "authentication", message, "claims_to_headers")
        if auth.hide_credentials:
            message = "Kong leaves the token in the request"
            report.dropped(auth, "authentication", message, "hide_credentials")

    def _beyond(self, auth: JwtAuth) -> str:
        """Why Kong cannot ask for these tokens, if so."""
        if auth.jwks_uri is not None or auth.jwks is not None:
            return _NO_KEYS
        if auth.issuer is not None or auth.audiences:
            return "Kong's jwt plugin checks neither issuer nor audience"
        if auth.max_lifetime is not None and "exp" not in auth.verify_claims:
            return "Kong limits a lifetime only where it verifies exp"
        algorithms = set(auth.algorithms)
        if self.build.native or not algorithms:
            return ""
        used = {
            one.algorithm
            for consumer in self.build.gateway.consumers
            for one in consumer.credentials.jwt
        }
        if used - algorithms:
            return "Kong takes the algorithm of each consumer's credential, whatever is listed"
        return ""
