"""What plugins change of a route itself: its path and host for the upstream, its backends, and what
plain HTTP gets.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gal.importers.apisix import answers, rewriting
from gal.importers.apisix.authentication import take_meta
from gal.importers.apisix.classify import BACKENDS, REWRITING
from gal.importers.apisix.sorting import TO_HTTPS
from gal.ledger import Fate, Level
from gal.model import HostMode, HttpsRedirect, Redirect, Upstream

if TYPE_CHECKING:
    from gal.importers.apisix.assembly import Assembly
    from gal.importers.apisix.placing import Placing
    from gal.importers.apisix.plugin import Plugin, Plugins
    from gal.model import Route, Service

_PERMANENT = 301


@dataclass(slots=True)
class Steering:
    """Changes routes by their plugins.

    Attributes:
        assembly: the model's services and upstreams.
        placing: which plugins act.
    """

    assembly: Assembly
    placing: Placing

    def steer(self, route: Route, service: Service | None, plugins: Plugins) -> None:
        """Apply the plugins that act on a route, those of global rules where it has none."""
        for plugin in self._acting(plugins, REWRITING):
            if plugin.name == "proxy-rewrite":
                self._rewrite(route, service, plugin)
        for plugin in self._acting(plugins, BACKENDS):
            backends, kept = self.placing.mirrors.backends(plugin, service, self.placing.report)
            route.backends = backends
            if kept:
                route.extensions.setdefault("apisix", {}).update(kept)
        for plugin in self._acting(plugins, TO_HTTPS):
            self._to_https(route, plugin)

    def _acting(self, plugins: Plugins, group: str) -> list[Plugin]:
        own = self.placing.members(plugins, group)
        names = {plugin.name for plugin in own}
        for plugin in self.placing.everywhere:
            if plugin.disabled or plugin.name in names:
                continue
            if self.placing.kind(plugin)[1] == group:
                own.append(plugin)
        return own

    def _rewrite(self, route: Route, service: Service | None, plugin: Plugin) -> None:
        report = self.placing.report
        found = rewriting.proxy_rewrite(plugin, report)
        route.rewrite = found.path
        if found.host is None:
            return
        upstream = self._upstream(service)
        header = upstream.host_header if upstream is not None else None
        if header is not None and header.mode is not HostMode.PASS:
            message = 'the "pass_host" of the upstream decides over this in APISIX'
            report.at(plugin.node.entries["host"], Fate.DROPPED, Level.INFO, "host_header", message)
            return
        route.host_header = found.host

    def _upstream(self, service: Service | None) -> Upstream | None:
        if service is None:
            return None
        if isinstance(service.upstream, Upstream):
            return service.upstream
        return self.assembly.by_name.get(service.upstream or "")

    def _to_https(self, route: Route, plugin: Plugin) -> None:
        config, report = plugin.node, self.placing.report
        answers.check_one_way(config)
        for key in ("ret_code", "append_query_string", "encode_uri"):
            below = config.take(key)
            if below is not None:
                below.take_all()
                message = '"http_to_https" decides over this'
                report.at(below, Fate.DROPPED, Level.INFO, "redirect", message)
        config.mark("http_to_https")
        take_meta(plugin, report, "redirect")
        if route.schemes == ["http"]:
            redirect = Redirect(scheme="https", status_code=_PERMANENT)
            redirect.origin = plugin.origin({"scheme": "http_to_https"})
            route.policies.redirect = route.policies.redirect or redirect
            return
        if route.schemes == ["https"]:
            message = '"vars" keep plain requests from the route'
            report.at(
                config.entries["http_to_https"], Fate.DROPPED, Level.INFO, "redirect", message
            )
            return
        route.schemes = ["https"]
        origin = plugin.origin({"status_code": "http_to_https"})
        route.https_redirect = HttpsRedirect(_PERMANENT, origin=origin)
        message = (
            "APISIX answers 308 to other methods than GET and HEAD, and believes a client's "
            "X-Forwarded-Proto"
        )
        report.at(
            config.entries["http_to_https"], Fate.APPROXIMATED, Level.INFO, "redirect", message
        )
