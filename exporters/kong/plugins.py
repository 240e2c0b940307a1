"""Which plugin stands in which scope of the file.

Kong runs, of all instances of a plugin, the most specific one. It cannot switch off a wider one, so
a plugin that a narrower scope must not have is written in the other narrower scopes instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from gal.claims import unwrap
from gal.exporters.kong.access import nothing
from gal.exporters.kong.authentication import Authentications
from gal.exporters.kong.build import Build
from gal.exporters.kong.instance import Instance, Scope
from gal.exporters.kong.policies import AUTHENTICATION, Translator, Wanted
from gal.model import Policies

_KINDS = {
    "correlation-id": ("request_id",),
    "bot-detection": ("user_agent",),
    "cors": ("cors",),
    "ip-restriction": ("ip_access",),
    "acl": ("acl",),
    "request-size-limiting": ("size_limit",),
    "rate-limiting": ("rate_limit",),
    "response-ratelimiting": ("response_rate_limit",),
    "redirect": ("redirect",),
    "proxy-cache": ("cache",),
    "request-termination": ("direct_response",),
    "request-transformer": ("query", "request_line"),
    "response-transformer": (),
}
_COUNTING = ("rate-limiting", "response-ratelimiting")
_NARROWING = ("consumer_group", "model", "condition", "consumer")
_NOT_BY_CONSUMER = {
    "user_agent": "bot-detection",
    "cors": "cors",
    "acl": "acl",
    "authentication": "an authentication",
}
_ANSWER = "request-termination"
_CLOSED = {"status_code": 403, "message": "Forbidden"}


def write_plugins(
    build: Build, authentications: Authentications, root: Scope, narrow: list[Scope]
) -> None:
    """Put all plugins into the file."""
    _Plan(build, Translator(build, authentications)).write(root, narrow)


@dataclass(slots=True)
class _Plan:
    build: Build
    translator: Translator
    wanted: dict[int, Wanted] = field(default_factory=dict)
    repeated: dict[int, str] = field(default_factory=dict)
    bound: set[tuple[str, str]] = field(default_factory=set)
    raw: dict[int, list[Any]] = field(default_factory=dict)

    def write(self, root: Scope, narrow: list[Scope]) -> None:
        self._want(root, None)
        keys: dict[str, None] = {}
        for found in self.wanted.values():
            keys.update(dict.fromkeys(found.instances))
        for key in keys:
            self._place(root, key, None)
        self._put_raw(root)
        for scope in narrow:
            self._narrow(scope)
            self._put_raw(scope)
        if not self.build.native:
            for scope in narrow:
                self._beside_routes(root, scope)

    def _want(self, scope: Scope, parent: Wanted | None) -> None:
        made = scope.route
        plain = made is None or not (made.refusal or made.host or made.path)
        if (
            parent is not None
            and plain
            and unwrap(scope.own) == Policies()
            and not (scope.service is not None and scope.service.transformation is not None)
        ):
            found = parent
        else:
            found = self.translator.wanted(scope)
        self.wanted[id(scope)] = found
        self.raw[id(scope)] = list(scope.own.plugins.get("kong", ()))
        if scope.own.authentication is not None and parent is not None:
            same = all(
                not _differs(found.instances[key], parent.instances.get(key))
                for key in found.guards
            )
            raw = any(
                isinstance(one, dict) and one.get("name") in AUTHENTICATION
                for one in self.raw[id(scope)]
            )
            if same and not raw and found.guards:
                # It says what it would inherit: one plugin of its own is enough to say so.
                self.repeated[id(scope)] = next(k for k in found.instances if k in found.guards)
        for child in scope.children:
            self._want(child, found)

    def _says(self, scope: Scope, key: str) -> bool:
        """Whether the scope itself says something about a plugin."""
        own = scope.own
        if key in self.wanted[id(scope)].guards:
            return self.repeated.get(id(scope)) == key
        if any(getattr(own, kind) is not None for kind in _KINDS.get(key, ())):
            return True
        headers = own.headers
        if headers is None or not key.endswith("-transformer"):
            return False
        return getattr(headers, key.removesuffix("-transformer")) is not None

    def _place(self, scope: Scope, key: str, inherited: Instance | None) -> None:
        want = self.wanted[id(scope)].instances.get(key)
        current = inherited
        if want is None:
            off = nothing(key)
            if inherited is not None and off is not None:
                current = Instance(key, off)
                if inherited.config:
                    self._emit(scope, current)
        elif scope.children and nothing(key) is None and self._blocked(scope, key, want):
            if want.name in _COUNTING:
                message = "narrower scopes are without it, so each of the others counts for itself"
                self._report(scope, want.name, message)
        elif _differs(want, inherited) or self._says(scope, key):
            self._emit(scope, want)
            current = want
        for child in scope.children:
            self._place(child, key, current)

    def _blocked(self, scope: Scope, key: str, instance: Instance) -> bool:
        """Whether a narrower scope must not have a plugin."""
        if scope.children:
            return any(self._blocked(child, key, instance) for child in scope.children)
        found = self.wanted[id(scope)]
        if key in found.instances or scope.route is None:
            return False
        # With another plugin that insists, one that lets everybody through never decides.
        return not (found.mandatory and "anonymous" in instance.config)

    def _report(self, scope: Scope, name: str, message: str) -> None:
        for kind in _KINDS[name]:
            policy = getattr(scope.own, kind)
            if policy is not None:
                self.build.report.approximated(policy, kind, message)

    def _beside_routes(self, root: Scope, scope: Scope) -> None:
        """A consumer's transformer hides that of a route, which may do more: where it does, one for
        the consumer on that route does both.
        """
        if scope.references:
            return
        found = self.translator.wanted(scope)
        names = [
            name
            for name in ("request-transformer", "response-transformer")
            if name in found.instances and self._says_narrow(scope, name)
        ]
        if not names:
            return
        for other in _all(root):
            consumer = scope.owners[0].get("username")
            key = "route" if other.route is not None else "service"
            both = Scope(scope.own, (scope.own, *other.levels), service=other.service)
            both.route = other.route
            if other is root or consumer is None:
                continue
            for name in names:
                wanted = self.translator.transformer(name, both)
                if wanted is None or not _differs(wanted, found.instances[name]):
                    continue
                named = [one["name"] for one in other.owners if "name" in one]
                both.references = [{key: one, "consumer": consumer} for one in named]
                self._emit(both, wanted)

    def _narrow(self, scope: Scope) -> None:
        """The plugins for one consumer."""
        found = self.translator.wanted(scope)
        closed = self._closes(scope)
        for key, instance in found.instances.items():
            if key in found.guards or not self._says_narrow(scope, key):
                continue
            if closed and key == "request-termination":
                continue
            if self._would_open(scope, instance):
                continue
            if instance.name not in _NOT_BY_CONSUMER.values():
                self._emit(scope, instance)
        self._switched_off(scope, found)
        if closed:
            self._emit(scope, Instance("request-termination", dict(_CLOSED)))

    def _closes(self, scope: Scope) -> bool:
        """Whether a consumer is refused, for a control that Kong has not for single ones."""
        closed = False
        for kind, name in _NOT_BY_CONSUMER.items():
            policy = getattr(scope.own, kind)
            if policy is None:
                continue
            message = f"Kong has no {name} for a single consumer"
            if kind == "cors" or not policy.enabled:
                self.build.report.dropped(policy, kind, message)
            elif self.build.refuse(policy, kind, message) is not None:
                closed = True
        return closed

    def _would_open(self, scope: Scope, instance: Instance) -> bool:
        """Whether an answer to some requests of a consumer would stand in for a refusal of all."""
        closed = any(reason is not None for reason in self.build.refusals.values())
        if instance.name != "request-termination" or "trigger" not in instance.config:
            return False
        policy = scope.own.direct_response
        if closed and policy is not None:
            message = "it would let the consumer in where everybody is refused"
            self.build.report.dropped(policy, "direct_response", message)
        return closed

    def _says_narrow(self, scope: Scope, key: str) -> bool:
        own = scope.own
        kinds = _KINDS.get(key, ())
        if any(getattr(own, kind) is not None for kind in kinds):
            return True
        if not key.endswith("-transformer"):
            return False
        return self._transforms(own, key.removesuffix("-transformer"))

    @staticmethod
    def _transforms(own: Policies, side: str) -> bool:
        if own.headers is not None and getattr(own.headers, side) is not None:
            return True
        body = own.transformation
        if body is None:
            return False
        if getattr(body, side) is not None:
            return True
        earlier = body.headers is not None and getattr(body.headers, side) is not None
        return earlier or (side == "request" and bool(body.defaults or body.metadata))

    def _switched_off(self, scope: Scope, found: Wanted) -> None:
        own = scope.own
        for side in ("request", "response"):
            name = f"{side}-transformer"
            if name in found.instances:
                continue
            parts = (own.headers, own.query, own.request_line, own.transformation)
            if side == "response":
                parts = (own.headers, None, None, own.transformation)
            off = [one for one in parts if one is not None]
            said = own.headers is not None and getattr(own.headers, side) is not None
            if said or any(not one.enabled for one in off):
                self._emit(scope, Instance(name))
        for name, kinds in _KINDS.items():
            for kind in kinds:
                policy = getattr(own, kind)
                if policy is None or policy.enabled or name.endswith("-transformer"):
                    continue
                message = f"Kong cannot switch off {name} for a single consumer"
                self.build.report.dropped(policy, kind, message)

    def _emit(self, scope: Scope, instance: Instance) -> None:
        raw = {one.get("name") for one in self.raw.get(id(scope), ()) if _is_whole(one)}
        refuses = instance.config == _CLOSED
        if instance.name in raw and not instance.narrow and self.build.native and not refuses:
            return
        if scope.references:
            for reference in scope.references:
                entity = self._fresh(instance)
                entity = {"name": entity.pop("name"), **reference, **entity}
                place = (instance.key, repr(sorted(reference.items())))
                if place in self.bound:
                    continue  # the first one acts
                self.bound.add(place)
                self.build.section("plugins").append(entity)
        elif scope.owners or scope.consumer or scope.service is not None or scope.route:
            for owner in scope.owners:
                self._add(owner.setdefault("plugins", []), instance)
        else:
            self._add(self.build.section("plugins"), instance)

    def _add(self, plugins: list[dict[str, Any]], instance: Instance) -> None:
        """Put a plugin into a scope. Kong takes one of a kind; of two answers, a refusal stays."""
        for number, other in enumerate(plugins):
            if instance.name == other.get("name") == _ANSWER and _bound(other) == instance.narrow:
                if instance.config == _CLOSED:
                    plugins[number] = self._fresh(instance)
                return
        plugins.append(self._fresh(instance))

    def _fresh(self, instance: Instance) -> dict[str, Any]:
        """The plugin's object. An id stands in the file once."""
        entity = instance.entity()
        given = entity.get("id")
        if given is not None and given in self.build.used_ids:
            del entity["id"]
        elif given is not None:
            self.build.used_ids.add(given)
        return entity

    def _put_raw(self, scope: Scope) -> None:
        """What is kept of plugins that only Kong knows."""
        for plugin in list(scope.own.plugins.get("kong", ())):
            if not isinstance(plugin, dict):
                continue
            made = Instance(
                str(plugin.get("name")),
                {},
                {key: value for key, value in plugin.items() if key not in ("name", "config")},
            )
            if plugin.get("config"):
                made.config = dict(plugin["config"])
            self.raw.pop(id(scope), None)
            self._emit(scope, made)
        for child in scope.children:
            self._put_raw(child)


def _all(scope: Scope) -> Iterator[Scope]:
    yield scope
    for child in scope.children:
        yield from _all(child)


def _is_whole(plugin: Any) -> bool:
    return isinstance(plugin, dict) and not any(key in plugin for key in _NARROWING)


def _bound(plugin: dict[str, Any]) -> dict[str, Any]:
    """What binds a plugin to more than the scope that it stands in."""
    keys = (*_NARROWING, "route", "service")
    return {key: plugin[key] for key in keys if key in plugin}


def _differs(instance: Instance, other: Instance | None) -> bool:
    if other is None:
        return True
    return (instance.config, instance.around) != (other.config, other.around)
