"""Several authentication plugins into one `Authentication` a scope.

Plugins of different names all act on a request, those of wider scopes, too. Each that has no
`anonymous` has to succeed by itself. One with `anonymous` lets everything through, and does nothing
once another one has succeeded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gal.importers.kong import authentication
from gal.importers.kong.placement import report_kept
from gal.importers.kong.plugin import Scope
from gal.importers.kong.scopes import chain
from gal.ledger import Fate, Level
from gal.model import Authentication, Guard, Policies, Require

if TYPE_CHECKING:
    from gal.importers.kong.references import File
    from gal.importers.kong.scopes import Instances, Owners, Placed
    from gal.ledger import Reporter
    from gal.model.node import ModelNode

_GUARDS_WITH_CREDENTIALS = frozenset(
    (
        *("hmac-auth", "ldap-auth", "ldap-auth-advanced", "mtls-auth", "key-auth-enc", "saml"),
        *("vault-auth", "oauth2-introspection", "header-cert-auth", "jwt-signer"),
    )
)
_ORDER = (*("jwt", "oauth2", "key-auth", "ldap-auth", "basic-auth", "openid-connect", "hmac-auth"),)
"""Who asks first. Of several consumers for those without credentials the last one's counts."""


class Credentials:
    """Collects the plugins that ask for credentials or guard otherwise, and resolves them."""

    def __init__(self, file: File, owners: Owners, instances: Instances, report: Reporter) -> None:
        self.file = file
        self.owners = owners
        self.instances = instances
        self.report = report
        self.placed: dict[Scope, dict[str, Placed]] = {}
        self.parts: dict[int, ModelNode] = {}

    def add(self, name: str) -> None:
        """All instances of one of the authentication plugins."""
        for scope, placed in self.instances[name].items():
            self.placed.setdefault(scope, {})[name] = placed

    def add_guard(self, placed: Placed) -> None:
        """An access control that only Kong knows. One for a consumer counts for everybody."""
        scope, name = placed.scope, placed.plugin.name
        key = name
        if scope.consumer is not None or placed.narrow:
            key = f"{name} {placed.plugin.node.path} {placed.plugin.node.source.name}"
        if scope.consumer is not None:
            placed.narrow["consumer"] = self.owners.consumers[scope.consumer].name
        base = Scope(route=scope.route, service=scope.service)
        self.placed.setdefault(base, {})[key] = placed

    def finish(self) -> None:
        """Put an `Authentication` where any of the plugins is, and where those without
        credentials are turned away.
        """
        if not self.placed:
            return
        for scope, own in self.placed.items():
            self._put(scope, own)
        for refused in self.instances.get("request-termination", {}):
            base = Scope(route=refused.route, service=refused.service)
            if refused.consumer is not None and base not in self.placed:
                self._put(base, {}, only_closing=True)

    def _put(self, scope: Scope, own: dict[str, Placed], *, only_closing: bool = False) -> None:
        found: dict[str, Placed] = {}
        for wider in chain(scope, self.owners.service_of):
            for key, placed in self.placed.get(wider, {}).items():
                found.setdefault(key, placed)
        policy = self._policy(scope, found, own)
        if policy is None or (
            only_closing and "anonymous" not in policy.extensions.get("kong", {})
        ):
            return
        first = next(iter(own.values()), None) or next(iter(found.values()))
        policy.origin = first.plugin.origin()
        self.owners.put(scope, "authentication", policy, first.plugin)

    def _policy(
        self, scope: Scope, found: dict[str, Placed], own: dict[str, Placed]
    ) -> Authentication | None:
        asking = [placed for placed in found.values() if _asks(placed)]
        optional = [one for one in asking if authentication.anonymous(one.plugin)]
        left_out: list[Placed] = []
        if optional and len(optional) < len(asking):
            left_out = optional
            for placed in optional:
                self._leave_out(scope, placed, placed in own.values())
        policy = Authentication()
        kept: dict[str, Any] = {}
        for placed in found.values():
            if placed not in left_out:
                self._add_part(policy, placed, kept)
        if not left_out and optional:
            self._name_anonymous(policy, scope, optional, kept)
        elif len(policy.kinds()) + len(policy.guards) > 1:
            policy.require = Require.ALL
        if kept:
            policy.extensions["kong"] = kept
        policy.__post_init__()
        return policy

    def _add_part(self, policy: Authentication, placed: Placed, kept: dict[str, Any]) -> None:
        field, part = self._part(placed)
        if field and getattr(policy, field) is not None:
            part, field = authentication.guard(placed.plugin, self.report), ""
        if isinstance(part, Guard):
            part.settings = {**placed.narrow, **placed.kept}
            policy.guards.append(part)
            return
        setattr(policy, field, part)
        if placed.kept:
            kept.setdefault("plugins", {})[placed.plugin.name] = placed.kept
            report_kept(placed, self.report)

    def _part(self, placed: Placed) -> tuple[str, ModelNode]:
        plugin = placed.plugin
        reader = None if placed.narrow else _readers().get(plugin.name)
        part = self.parts.get(id(placed))
        if part is None:
            read = authentication.guard if reader is None else reader[1]
            part = self.parts[id(placed)] = read(plugin, self.report)
        return (reader[0] if reader and not isinstance(part, Guard) else ""), part

    def _leave_out(self, scope: Scope, placed: Placed, is_own: bool) -> None:
        """It never decides. It is kept for Kong, where it may take its credentials away."""
        self._part(placed)
        if is_own:
            policies: Policies = self.owners.policies(scope)
            policies.plugins.setdefault("kong", []).append(placed.plain())
            message = "it never decides who enters: it has `anonymous`, and another plugin has not"
            node = placed.plugin.node
            self.report.at(node, Fate.CARRIED, Level.INFO, "authentication", message)

    def _name_anonymous(
        self,
        policy: Authentication,
        scope: Scope,
        optional: list[Placed],
        kept: dict[str, Any],
    ) -> None:
        ordered = sorted(optional, key=lambda placed: _rank(placed.plugin.name))
        names = [authentication.anonymous(placed.plugin) for placed in ordered]
        plugin, name = ordered[-1].plugin, names[-1] or ""
        node = plugin.config.entries["anonymous"] if plugin.config is not None else plugin.node
        if len(set(names)) > 1:
            message = f'of several consumers for those without credentials "{name}" counts'
            self.report.at(node, Fate.EXACT, Level.INFO, "authentication", message)
        consumers = self.file.names.get("consumers", {}), self.file.ids.get("consumers", {})
        entity = consumers[1].get(name) or consumers[0].get(name)
        if entity is None:
            kept["anonymous"] = name
            message = "this consumer is not there: Kong answers 500, others refuse with 401"
            self.report.at(node, Fate.APPROXIMATED, Level.WARNING, "authentication", message)
            return
        consumer = self.owners.consumers[entity.key].name
        if self._is_refused(scope, entity.key):
            kept["anonymous"] = consumer
            message = (
                "request-termination turns this consumer away, so it is a refusal of those "
                "without credentials"
            )
            self.report.at(node, Fate.EXACT, Level.INFO, "authentication", message)
        else:
            policy.anonymous = consumer

    def _is_refused(self, scope: Scope, consumer: str) -> bool:
        """Whether the gateway itself answers all requests of a consumer."""
        endings = self.instances.get("request-termination", {})
        narrow = Scope(route=scope.route, service=scope.service, consumer=consumer)
        for wider in chain(narrow, self.owners.service_of):
            if wider in endings:
                config = endings[wider].plugin.config
                return wider.consumer is not None and (
                    config is None or config.peek("trigger") is None
                )
        return False


def _readers() -> dict[str, tuple[str, Any]]:
    """Plugin -> its section in `Authentication`, and how it is read."""
    return {
        "basic-auth": ("basic", authentication.basic_auth),
        "key-auth": ("api_key", authentication.api_key_auth),
        "jwt": ("jwt", authentication.jwt_auth),
        "oauth2": ("oauth2", authentication.oauth2_auth),
        "openid-connect": ("oauth2", authentication.oauth2_auth),
    }


def _asks(placed: Placed) -> bool:
    """Whether a plugin asks for credentials."""
    name = placed.plugin.name
    return not placed.narrow and (name in _readers() or name in _GUARDS_WITH_CREDENTIALS)


def _rank(name: str) -> int:
    return _ORDER.index(name) if name in _ORDER else len(_ORDER)
