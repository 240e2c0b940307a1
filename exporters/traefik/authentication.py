"""Who may enter, by credentials.

Keys are asked for by the rules of routers: one router takes the requests with a key that opens,
another one refuses the rest. Names and passwords are Traefik's `basicAuth`, external checks its
`forwardAuth`. Tokens are none of the open edition's: such a route refuses everybody.

Source: https://doc.traefik.io/traefik/reference/routing-configuration/http/middlewares/basicauth/
"""

from __future__ import annotations

from dataclasses import dataclass, field

from gal.exporters.traefik.access import acl_alone, close, status_of
from gal.exporters.traefik.api_keys import Keys, api_keys
from gal.exporters.traefik.basic_auth import USER_HEADER, basic_auth
from gal.exporters.traefik.build import Json, RouteBuild, Shared, conjunction
from gal.exporters.traefik.carried import below, guarding, kept, on_the_router
from gal.exporters.traefik.groups import Members, members
from gal.exporters.traefik.values import duration
from gal.ledger import Fate, Level
from gal.model import (
    Acl,
    Authentication,
    BasicAuth,
    Consumer,
    ForwardAuth,
    JwtAuth,
    ModelNode,
    OAuth2Auth,
    Require,
)

_FEATURE = "authentication"
_UNAUTHORIZED = 401
_BASIC = "HeaderRegexp(`Authorization`, `(?i)^basic `)"
_TOLD = (
    "X-Consumer-Username",
    "X-Consumer-ID",
    "X-Consumer-Custom-ID",
    "X-Consumer-Groups",
    "X-Credential-Identifier",
    "X-Anonymous-Consumer",
)


@dataclass(slots=True)
class _Asked:
    """What Traefik can ask for.

    Attributes:
        keys: API keys.
        basic: the middleware that asks for names and passwords.
        external: those that ask a service, with what it stands for.
        lost: kinds that it cannot ask for, with the reasons.
    """

    keys: Keys | None = None
    basic: Json | None = None
    external: list[tuple[ModelNode, Json]] = field(default_factory=list)
    lost: list[tuple[ModelNode, str]] = field(default_factory=list)

    @property
    def chain(self) -> list[Json]:
        """All middlewares that ask, each once, in the order in which they act."""
        found = [config for _, config in self.external]
        if self.basic is not None:
            found.append(self.basic)
        return [one for number, one in enumerate(found) if one not in found[:number]]


def authentication(
    policy: Authentication, groups: Acl | None, build: RouteBuild, shared: Shared
) -> None:
    """Have a route ask for credentials. Whatever Traefik cannot do refuses everybody (law 2)."""
    later = _guards(policy, build, shared)
    _ask(policy, groups, build, shared)
    for name in later:
        build.use(name)


def _ask(policy: Authentication, groups: Acl | None, build: RouteBuild, shared: Shared) -> None:
    """Have a route ask for the credentials that the model knows."""
    _strip(policy, build, shared)
    who = members(groups)
    anonymous = _anonymous(policy, shared)
    if anonymous is not None:
        _open_to_all(policy, groups, anonymous, who, build, shared)
        return
    asked = _asked(policy, who, build, shared)
    every = policy.require is Require.ALL or len(policy.kinds()) == 1
    for node, reason in asked.lost:
        if every or not (asked.keys or asked.chain):
            shared.refuse(build, node, _FEATURE, reason)
        else:
            message = f"{reason}; only the other kinds of authentication let in"
            shared.context.report.refused(node, _FEATURE, message)
    if build.refusal is not None:
        return
    if not (asked.keys or asked.chain):
        if groups is not None:
            acl_alone(groups, build, shared)
        return
    _tell(policy, groups, shared)
    if every:
        _ask_all(asked, groups, build, shared)
    else:
        _ask_any(asked, groups, build, shared)


def _guards(policy: Authentication, build: RouteBuild, shared: Shared) -> list[str]:
    """Access controls of Traefik's own come back; whoever else has one, everybody is refused.

    Returns:
        Those that ask for a second password, or a second service: they stood behind the first.
    """
    asked = {"basicAuth": policy.basic, "forwardAuth": policy.forward}
    later: list[str] = []
    for guard in policy.guards:
        own = guarding(guard, shared)
        if own is not None and any(asked.get(kind) is not None for kind in guard.config):
            later.append(own)
        elif own is not None:
            build.use(own)
        elif not on_the_router(guard, build, shared):
            reason = f'only {guard.provider} knows the access control "{guard.name}"'
            if guard.provider == "traefik":
                reason = f'it is not known how to put the access control "{guard.name}" back'
            shared.refuse(build, guard, _FEATURE, reason)
            shared.context.claims.claim(guard)
    return later


def _strip(policy: Authentication, build: RouteBuild, shared: Shared) -> None:
    """Take away what a client says about itself in the headers in which other gateways tell the
    upstream who asks.
    """
    if shared.gateway.consumers or policy.anonymous is not None:
        headers = {"customRequestHeaders": dict.fromkeys(_TOLD, "")}
        build.use(shared.middlewares.add("nobody-claims", {"headers": headers}))


def _asked(policy: Authentication, who: Members, build: RouteBuild, shared: Shared) -> _Asked:
    asked = _Asked()
    for node in (policy.jwt, policy.oauth2):
        if node is None:
            continue
        service = shared.context.options.auth_service
        if service is not None and not who.restricted:
            asked.external.append((node, _asks_service(node, service, shared)))
        else:
            asked.lost.append((node, "Traefik checks no tokens (see --auth-service)"))
        shared.context.claims.claim(node)
    if policy.api_key is not None:
        keys = api_keys(policy.api_key, who, shared)
        if isinstance(keys, str):
            asked.lost.append((policy.api_key, keys))
        else:
            asked.keys = keys
            build.identity = keys.header
    if policy.basic is not None:
        _ask_basic(policy, policy.basic, who, build, shared, asked)
    if policy.forward is not None:
        if who.restricted:
            asked.lost.append((policy.forward, "an external check finds no consumer with groups"))
            shared.context.claims.claim(policy.forward)
        else:
            config = _forward(policy.forward, shared)
            config["forwardAuth"] |= below(kept(policy), "forwardAuth")
            asked.external.append((policy.forward, config))
    return asked


def _ask_basic(
    policy: Authentication,
    basic: BasicAuth,
    who: Members,
    build: RouteBuild,
    shared: Shared,
    asked: _Asked,
) -> None:
    config = basic_auth(basic, who, build, shared)
    if isinstance(config, str):
        asked.lost.append((basic, config))
        return
    own = below(kept(policy), "basicAuth")
    config["basicAuth"] |= own
    if build.identity == USER_HEADER and "headerField" in own:
        build.identity = own["headerField"]
    asked.basic = config


def _ask_all(asked: _Asked, groups: Acl | None, build: RouteBuild, shared: Shared) -> None:
    """All have to let in."""
    if asked.keys is not None:
        _ask_keys(asked.keys, groups, build, shared)
    for config in asked.chain:
        build.use(shared.middlewares.add(next(iter(config)), config))


def _ask_keys(keys: Keys, groups: Acl | None, build: RouteBuild, shared: Shared) -> None:
    _ignore_preflights(keys, build)
    if keys.forbidden:
        status = status_of(groups, "acl", shared) if groups is not None else 403
        build.answer(keys.forbidden, shared.refusal(status))
    if keys.rule:
        build.split(keys.rule, shared.refusal(_UNAUTHORIZED))
        _hide(keys, build, shared)
    else:
        build.answer("", shared.refusal(_UNAUTHORIZED))


def _ask_any(asked: _Asked, groups: Acl | None, build: RouteBuild, shared: Shared) -> None:
    """A key that opens is enough. Of the others, those with a name and a password are asked for
    these, and the rest goes to the service that decides.
    """
    found = _alternatives(asked, shared)
    keys = asked.keys
    if keys is None or not keys.rule:
        if found:
            build.either(found)
        elif keys is not None:
            _ask_keys(keys, groups, build, shared)
        return
    if not found:
        _ask_keys(keys, groups, build, shared)
        return
    _ignore_preflights(keys, build)
    build.either([(keys.rule, None), *found])
    _hide(keys, build, shared)
    build.identity = None


def _alternatives(asked: _Asked, shared: Shared) -> list[tuple[str, str | None]]:
    """Rules with the middleware that asks those who fit; the last one is for all others."""
    found: list[tuple[str, str | None]] = []
    if asked.basic is not None:
        name = shared.middlewares.add(next(iter(asked.basic)), asked.basic)
        found.append((_BASIC if asked.external else "", name))
    if asked.external:
        _, config = asked.external[0]
        found.append(("", shared.middlewares.add(next(iter(config)), config)))
        for node, other in asked.external[1:]:
            if other != config:
                address = config["forwardAuth"]["address"]
                message = f"only {address} is asked: Traefik does not ask a second service instead"
                shared.context.report.refused(node, _FEATURE, message)
    if len(found) > 1:
        message = "who sends a name and a password is asked for nothing else"
        shared.context.report.approximated(asked.external[0][0], _FEATURE, message)
    return found


def _ignore_preflights(keys: Keys, build: RouteBuild) -> None:
    """An OPTIONS request passes where it is not asked for a key."""
    if keys.skips_preflight and (not build.route.methods or "OPTIONS" in build.route.methods):
        keys.rule = " || ".join(filter(None, ["Method(`OPTIONS`)", keys.rule]))
        if keys.forbidden:
            keys.forbidden = conjunction("!Method(`OPTIONS`)", keys.forbidden)


def _hide(keys: Keys, build: RouteBuild, shared: Shared) -> None:
    if keys.hidden:
        headers = {"customRequestHeaders": dict.fromkeys(keys.hidden, "")}
        build.tail.append(shared.middlewares.add("hide-key", {"headers": headers}))


def _tell(policy: Authentication, groups: Acl | None, shared: Shared) -> None:
    """Say what differs from gateways that know consumers."""
    report = shared.context.report
    own = policy.api_key is not None and not policy.api_key.keys
    own = own or (policy.basic is not None and not policy.basic.users)
    if own and shared.gateway.consumers:
        message = "the upstream is not told which consumer asks"
        report.approximated(policy, _FEATURE, message)
    if groups is not None:
        if not groups.hide_groups_header:
            message = "the upstream is not told the groups"
            report.about(groups, Fate.APPROXIMATED, Level.INFO, "acl", message)
        if groups.authenticated_groups:
            message = "only the consumer's own groups count"
            report.approximated(groups, "acl", message, "authenticated_groups")
        if policy.basic is not None:
            message = "a user without the group gets 401, as if the password were wrong"
            report.approximated(groups, "acl", message, "status_code")


def _anonymous(policy: Authentication, shared: Shared) -> Consumer | None:
    """The consumer that requests without credentials count as, if there is one whom nothing
    refuses.
    """
    if policy.anonymous is None:
        return None
    report = shared.context.report
    for consumer in shared.gateway.consumers:
        if policy.anonymous in (consumer.name, consumer.id):
            if consumer.name not in shared.closed:
                return consumer
            message = "the anonymous consumer is refused: who has no credentials gets 401"
            report.about(policy, Fate.EXACT, Level.INFO, _FEATURE, message, "anonymous")
            return None
    message = f'there is no consumer "{policy.anonymous}": without credentials it is 401'
    report.approximated(policy, _FEATURE, message, "anonymous")
    return None


def _open_to_all(
    policy: Authentication,
    groups: Acl | None,
    anonymous: Consumer,
    who: Members,
    build: RouteBuild,
    shared: Shared,
) -> None:
    """Whoever has no credentials enters as somebody, so nobody has to show any: only groups may
    keep somebody out.
    """
    claims = shared.context.claims
    if build.refusal is not None:
        claims.claim(policy)
        return
    if groups is not None and who.restricted:
        keys = policy.api_key
        found = api_keys(keys, who, shared) if keys is not None else "no key is asked for"
        if isinstance(found, str) or policy.basic or policy.jwt or policy.oauth2 or policy.forward:
            reason = "Traefik does not tell the anonymous consumer from the others"
            shared.refuse(build, groups, "acl", reason)
        elif who.lets_in(anonymous):
            if found.forbidden:
                build.answer(found.forbidden, shared.refusal(status_of(groups, "acl", shared)))
        elif found.rule:
            build.split(found.rule, shared.refusal(status_of(groups, "acl", shared)))
        else:
            close(groups, build, shared, status_of(groups, "acl", shared))
    claims.claim(policy)
    message = "everybody enters, and the upstream is not told who has shown credentials"
    shared.context.report.approximated(policy, _FEATURE, message, "anonymous")


def _asks_service(node: JwtAuth | OAuth2Auth, service: str, shared: Shared) -> Json:
    """The user's own service decides on tokens."""
    message = f"{service} decides on tokens, by what it gets of the request"
    shared.context.report.approximated(node, _FEATURE, message)
    config: Json = {"address": service}
    claims = node.claims_to_headers if isinstance(node, JwtAuth) else []
    if claims:
        config["authResponseHeaders"] = [one.header for one in claims]
    return {"forwardAuth": config}


def _forward(policy: ForwardAuth, shared: Shared) -> Json:
    """An external service decides."""
    report = shared.context.report
    config: Json = {"address": policy.address}
    if policy.request_headers:
        config["authRequestHeaders"] = list(policy.request_headers)
    if policy.upstream_headers:
        config["authResponseHeaders"] = list(policy.upstream_headers)
    if policy.trust_forwarded:
        config["trustForwardHeader"] = True
    if policy.client_headers:
        message = "the client gets all headers of the refusal"
        report.approximated(policy, _FEATURE, message, "client_headers")
    if policy.timeout is not None:
        message = f"Traefik waits 30 s for the answer, not {duration(policy.timeout)}"
        report.approximated(policy, _FEATURE, message, "timeout")
    if policy.fail_open:
        message = "while the service cannot be reached everybody is refused"
        report.approximated(policy, _FEATURE, message, "fail_open")
    return {"forwardAuth": config}
