"""Plugins into policies: which of them act in which scope
(https://apisix.apache.org/docs/apisix/terminology/plugin/#plugins-merging-precedence).

APISIX merges plugins whole and by name: those of a consumer over the route's, over those of its
plugin config, over the service's. The model merges by kind of policy, and several plugins may be of
one kind. So a scope that says anything of a kind gets all that acts there of this kind.

Global rules run besides all of these.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gal.importers.apisix import access, answers, authentication, cors, limits, rewriting, traffic
from gal.importers.apisix.authentication import take_meta
from gal.importers.apisix.classify import (
    ACCESS,
    ANSWER,
    AUTH,
    BACKENDS,
    COMPRESSION,
    GROUPS,
    LIMITS,
    REWRITING,
    TRACERS,
    PluginClass,
    by_order,
    classify,
)
from gal.importers.apisix.plugin import Plugin, Plugins
from gal.importers.apisix.sorting import TO_HTTPS, sort
from gal.ledger import Fate, Level
from gal.model import Acl, Headers, IpAccess, Policies, Policy, RequestLine

if TYPE_CHECKING:
    from gal.context import ImportContext
    from gal.importers.apisix.mirroring import Mirrors
    from gal.ledger import Reporter
    from gal.reading import Mapping

_ROUTE_ONLY = frozenset((BACKENDS, TO_HTTPS))
_SIMPLE = {
    "request_id": traffic.request_id,
    "size_limit": traffic.size_limit,
    "circuit_breaker": traffic.circuit_breaker,
    "cache": traffic.cache,
    "ip_access": access.ip_access,
    "user_agent": access.user_agent,
    "acl": access.acl,
    "redirect": answers.redirect,
}


@dataclass(slots=True)
class Placing:
    """What is needed to put plugins in their places.

    Attributes:
        context: for reports and the user's choices.
        mirrors: makes upstreams for copies of requests.
        metadata: settings of plugins for the whole gateway, by name.
        consumers: names of all consumers.
        groups: names of all groups of consumers.
        everywhere: plugins of global rules.
        named: consumers that access rules name, each a group of its own.
        limiters: plugins that limit requests on routes and services.
    """

    context: ImportContext
    mirrors: Mirrors
    metadata: dict[str, Mapping]
    consumers: frozenset[str]
    groups: frozenset[str]
    everywhere: list[Plugin] = field(default_factory=list)
    named: set[str] = field(default_factory=set)
    limiters: set[str] = field(default_factory=set)
    _kinds: dict[Plugin, tuple[PluginClass, str]] = field(default_factory=dict)

    @property
    def report(self) -> Reporter:
        """Where to say what became of them."""
        return self.context.report

    def kind(self, plugin: Plugin) -> tuple[PluginClass, str]:
        """What becomes of a plugin, and what it is resolved together with."""
        found = self._kinds.get(plugin)
        if found is None:
            distinct = self.consumers.isdisjoint(self.groups)
            found = sort(plugin, self.context.options.treat_as_auth, distinct)
            self._kinds[plugin] = found
        return found

    def closes(self, plugin: Plugin) -> bool:
        """Whether a plugin keeps somebody out: by who asks, or everybody."""
        if plugin.disabled:
            return False
        return self.kind(plugin)[1] in ACCESS or answers.refuses(plugin)

    def members(self, plugins: Plugins, group: str) -> list[Plugin]:
        """The plugins of a group that act, in their order."""
        found = [p for p in plugins.values() if self.kind(p)[1] == group and not p.disabled]
        return sorted(found, key=by_order)

    def place(
        self, policies: Policies, own: Plugins, base: Plugins, consumer: bool = False
    ) -> None:
        """Set the policies of a scope.

        Args:
            policies: of the scope.
            own: the plugins that stand there.
            base: the plugins of the wider scope that these are merged over.
            consumer: the scope is a consumer, who is known by now.
        """
        effective = {**base, **own}
        extra = self._besides(effective) if own else []
        for group in self._touched(own, base, bool(extra)):
            members = self.members(effective, group)
            if group == AUTH and (members or extra):
                members = [*([] if consumer else self._global(AUTH)), *members, *extra]
            if consumer and (group in _ROUTE_ONLY or group == REWRITING):
                self._put_at_consumer(policies, group, members)
            elif members:
                self._put(policies, group, members)
                if group == REWRITING:
                    self._hide_rewriting(policies, base)
            elif hidden := self.members(base, group):
                self._switch_off(policies, group, hidden)
            if group == LIMITS and members:
                self._tell_limiters(members, consumer)
        for plugin in own.values():
            if plugin.disabled:
                self._carry_disabled(policies, plugin)

    def _tell_limiters(self, members: list[Plugin], consumer: bool) -> None:
        names = {plugin.name for plugin in members}
        if not consumer:
            self.limiters |= names
            return
        for name in sorted(self.limiters - names):
            message = f"a route's {name} acts besides this in APISIX; here this one decides alone"
            node = members[0].node
            self.report.at(node, Fate.APPROXIMATED, Level.WARNING, LIMITS, message, whole=False)

    def _touched(self, own: Plugins, base: Plugins, guarded: bool) -> list[str]:
        """The groups of which a scope says anything."""
        touched = {self.kind(plugin)[1] for plugin in own.values()}
        touched |= {self.kind(base[name])[1] for name in own if name in base}
        if guarded:
            touched.add(AUTH)
        return sorted(touched)

    def skip(self, plugins: Plugins, reason: str) -> None:
        """Take plugins that act nowhere."""
        for plugin in plugins.values():
            if not plugin.node.all_taken:
                plugin.node.take_all()
                self.report.at(plugin.node, Fate.DROPPED, Level.INFO, "plugins", reason)

    def skip_hidden(self, plugins: Plugins) -> None:
        """Take plugins that a narrower scope has, too, wherever they would act."""
        hidden = {n: p for n, p in plugins.items() if len(p.node) and not p.node.taken}
        self.skip(hidden, "narrower scopes hide it everywhere")

    def skip_steering(self, plugins: Plugins, reason: str) -> None:
        """Take what would change routes, where there are none."""
        self.skip({n: p for n, p in plugins.items() if self.kind(p)[1] in _ROUTE_ONLY}, reason)

    def _put_at_consumer(self, policies: Policies, group: str, members: list[Plugin]) -> None:
        """What changes a route cannot be a consumer's: only headers and the method can."""
        steering = [
            plugin
            for plugin in members
            if group != REWRITING or {"uri", "regex_uri", "host"} & plugin.node.keys()
        ]
        for plugin in steering:
            message = "other gateways do not send a consumer's requests elsewhere"
            self._carry(policies, plugin, message)
        others = [plugin for plugin in members if plugin not in steering]
        if others:
            self._put(policies, group, others)

    def _hide_rewriting(self, policies: Policies, base: Plugins) -> None:
        """Keep what these plugins say in a wider scope from acting besides them."""
        wider = Policies()
        hidden = self.members(base, REWRITING)
        if hidden:
            self._put_rewriting(wider, hidden)
        if wider.request_line is not None and policies.request_line is None:
            policies.request_line = RequestLine(enabled=False)
        if wider.headers is None:
            return
        own = policies.headers or Headers()
        lost = [
            side
            for side in ("request", "response")
            if getattr(wider.headers, side) is not None and getattr(own, side) is None
        ]
        if lost and own.request is None and own.response is None:
            own.enabled = False
            policies.headers = own
        elif lost:
            message = f"changes of {lost[0]} headers by the service stay in force elsewhere"
            self.report.approximated(own, "headers", message)

    def place_everywhere(self, policies: Policies) -> None:
        """The policies of global rules."""
        for plugin in self.everywhere:
            if plugin.disabled:
                self._carry_disabled(policies, plugin)
        besides: list[Plugin] = []
        for group in sorted({self.kind(p)[1] for p in self.everywhere} - {AUTH}):
            members = self._global(group)
            names = {plugin.name: plugin for plugin in reversed(members)}
            if group != "ip_access":
                others = [plugin for plugin in members if plugin not in names.values()]
                members = sorted(names.values(), key=by_order)
                if group in ACCESS:
                    besides += others
                else:
                    for plugin in others:
                        self._carry(policies, plugin, "another global rule has this plugin, too")
            if members:
                self._put(policies, group, members, everywhere=True)
        if asked := [*self._global(AUTH), *besides]:
            self._put(policies, AUTH, asked, everywhere=True)

    def _global(self, group: str) -> list[Plugin]:
        return [p for p in self.everywhere if self.kind(p)[1] == group and not p.disabled]

    def _besides(self, effective: Plugins) -> list[Plugin]:
        """Access controls of global rules that the narrower ones would hide, and that no policy
        can say together with these.
        """
        found = []
        for plugin in self.everywhere:
            group = self.kind(plugin)[1]
            if plugin.disabled or group not in ("user_agent", "acl"):
                continue
            if self.members(effective, group):
                found.append(plugin)
        return found

    def _switch_off(self, policies: Policies, group: str, hidden: list[Plugin]) -> None:
        """Say that what a wider scope does ends here."""
        if everywhere := self._global(group):
            self._put(policies, group, everywhere, everywhere=True)  # these still act
            return
        wider = Policies()
        self._put(wider, group, hidden, everywhere=True)
        for name in Policies.__dataclass_fields__:
            policy = getattr(wider, name)
            if isinstance(policy, Policy):
                policy.enabled = False
                setattr(policies, name, policy)

    def _put(
        self, policies: Policies, group: str, members: list[Plugin], everywhere: bool = False
    ) -> None:
        if group == AUTH:
            policies.authentication = authentication.authentication(
                members, self.report, self.consumers
            )
            _note(policies, AUTH, members[0])
        if group == AUTH or group in _ROUTE_ONLY:
            return
        if not everywhere:
            self._tell_besides(group)
        if group == REWRITING:
            self._put_rewriting(policies, members)
        elif group == COMPRESSION:
            policies.compression = traffic.compression(members, self.report)
            _note(policies, group, members[0])
            self._finish(policies.compression, members, group)
        elif group in (LIMITS, ANSWER):
            self._put_first(policies, group, members)
        elif group in GROUPS.values():
            policy = self._read(group, members[0])
            if isinstance(policy, IpAccess):
                besides = members[1:] if everywhere else self._global(group)
                policy = self._with_all(policy, besides)
            setattr(policies, group, policy)
            _note(policies, group, members[0])
            self._finish(policy, members, group)
        else:
            for plugin in members:
                self._carry(policies, plugin)

    def _with_all(self, policy: IpAccess, others: list[Plugin]) -> IpAccess:
        for other in others:
            policy = access.both(policy, access.ip_access(other, self.report), self.report)
        return policy

    def _tell_besides(self, group: str) -> None:
        if group in ACCESS or group.startswith("plugin "):
            return
        for plugin in self._global(group):
            message = "APISIX runs this besides a route's own; here the route's own wins"
            self.report.at(
                plugin.node, Fate.APPROXIMATED, Level.WARNING, group, message, whole=False
            )

    def _read(self, group: str, plugin: Plugin) -> Policy:
        if group == "cors":
            return cors.cors(plugin, self.report, self.metadata.get("cors"))
        if group == "mirror":
            return self.mirrors.mirror(plugin, self.report)
        policy: Policy = _SIMPLE[group](plugin, self.report)
        if isinstance(policy, Acl):
            self._name_consumers(plugin)
            access.ask_for_a_group(policy, plugin, self.groups - self.consumers, self.report)
        return policy

    def _name_consumers(self, plugin: Plugin) -> None:
        kind = plugin.node.peek("type")
        if kind is not None and kind.as_str() == "consumer_group_id":
            return
        for key in ("whitelist", "blacklist"):
            node = plugin.node.peek(key)
            if node is not None:
                self.named.update(plugin.node.take_strings(key) or [])
                message = "each consumer that is named here is a group of its own"
                self.report.at(node, Fate.EXACT, Level.INFO, "acl", message)

    def _put_first(self, policies: Policies, group: str, members: list[Plugin]) -> None:
        """Several plugins of which the model can say one."""
        plugin, *others = members
        policy: Policy
        if group == LIMITS:
            read = limits.limit_count if plugin.name == "limit-count" else limits.limit_req
            policy = policies.rate_limit = read(plugin, self.report)
        else:
            policy = policies.direct_response = answers.direct_response(plugin, self.report)
        _note(policies, group, plugin)
        self._finish(policy, [plugin], group)
        for other in others:
            if group == LIMITS:
                message = f"{plugin.name} limits besides this; other gateways have one of them"
                self._carry(policies, other, message)
            else:
                self._carry(policies, other, f"{plugin.name} answers first", Level.INFO)

    def _put_rewriting(self, policies: Policies, members: list[Plugin]) -> None:
        headers = Headers(origin=members[0].origin())
        kept: dict[str, Any] = {}
        for plugin in members:
            if plugin.name == "proxy-rewrite":
                found = rewriting.proxy_rewrite(plugin, self.report)
                headers.request, more = found.headers, found.kept
                policies.request_line = found.line
            else:
                headers.response, more = rewriting.response_rewrite(plugin, self.report)
            more.update(take_meta(plugin, self.report, "headers"))
            if more:
                kept[plugin.name] = more
        if headers.request is None and headers.response is None and not kept:
            return
        if kept:
            headers.extensions["apisix"] = kept
        policies.headers = headers

    def _finish(self, policy: Policy, members: list[Plugin], group: str) -> None:
        for plugin in members:
            kept = take_meta(plugin, self.report, group)
            if kept:
                policy.extensions.setdefault("apisix", {}).update(kept)

    def _carry(
        self, policies: Policies, plugin: Plugin, message: str = "", level: Level = Level.WARNING
    ) -> None:
        """Keep a plugin that only APISIX knows as it is."""
        plugin.node.take_all()
        kept = {"name": plugin.name, "config": plugin.node.plain()}
        policies.plugins.setdefault("apisix", []).append(kept)
        if not message:
            message = f"only APISIX knows what the plugin {plugin.name} does here"
            if classify(plugin, self.context.options.treat_as_auth) is PluginClass.OBSERVER:
                level, message = Level.INFO, "no effect on traffic"
                if plugin.name in TRACERS:
                    message += ", but for tracing headers that the upstream gets"
        self.report.at(plugin.node, Fate.CARRIED, level, "plugins", message)

    def _carry_disabled(self, policies: Policies, plugin: Plugin) -> None:
        self._carry(policies, plugin, "it is switched off (_meta.disable)", Level.INFO)


def _note(policies: Policies, field: str, plugin: Plugin) -> None:
    """Note where a policy stands in the object that has it."""
    origin, section = policies.origin, plugin.node.parent
    if origin is None or section is None or section.parent is not origin.node:
        return
    if isinstance(origin.names, dict):
        origin.names[field] = f"plugins.{plugin.name}"
