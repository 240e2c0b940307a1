"""Names of hosts: which are public, and under which anybody may have one.

A name is public when its last label is a country's or one of the usual ones; names of clusters,
containers and private networks are not, and neither are names kept for examples (RFC 2606).
"""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from ipaddress import ip_address

_GENERIC = frozenset(
    (
        *("com", "net", "org", "edu", "gov", "mil", "int", "info", "biz", "name", "pro", "io"),
        *("app", "dev", "cloud", "online", "shop", "store", "site", "tech", "xyz", "ai", "page"),
        *("blog", "club", "digital", "email", "finance", "games", "group", "health", "live"),
        *("media", "network", "news", "run", "services", "software", "solutions", "space", "team"),
        *("today", "top", "tools", "website", "work", "world", "zone", "systems", "company"),
    )
)
_PRIVATE = frozenset(
    (
        *("internal", "local", "localdomain", "localhost", "lan", "home", "corp", "intranet"),
        *("private", "svc", "consul", "test", "example", "invalid", "docker", "arpa"),
    )
)
_PRIVATE_ENDS = (".svc.cluster.local", ".docker.internal", ".ts.net")
SHARED = (
    *("github.io", "gitlab.io", "vercel.app", "netlify.app", "pages.dev", "workers.dev"),
    *("herokuapp.com", "web.app", "firebaseapp.com", "azurewebsites.net", "cloudfront.net"),
    *("azurestaticapps.net", "amplifyapp.com", "appspot.com", "ngrok.io", "ngrok.app"),
    *("ngrok-free.app", "surge.sh", "onrender.com", "fly.dev", "glitch.me", "repl.co"),
    *("trycloudflare.com", "blogspot.com", "netlify.com", "s3.amazonaws.com", "loca.lt"),
)
"""Domains under which anybody gets a name (of https://publicsuffix.org/list/)."""


def is_public(host: str, internal: Iterable[str] = ()) -> bool:
    """Whether a host is reached over public networks: a public address, or a public name.

    Args:
        host: name or address; one that holds a placeholder is not judged.
        internal: patterns of names that are private, whatever they look like.
    """
    name = host.strip().strip("[]").rstrip(".").lower()
    if any(letter in name for letter in "{}$*<> ") or any(
        fnmatchcase(name, one.lower()) for one in internal
    ):
        return False
    try:
        return ip_address(name.partition("%")[0]).is_global
    except ValueError:
        pass
    labels = name.split(".")
    last = labels[-1]
    if len(labels) < 2 or last in _PRIVATE or name.endswith(_PRIVATE_ENDS):
        return False
    return last in _GENERIC or (len(last) == 2 and last.isalpha())


def is_machine(host: str) -> bool:
    """Whether a host is the machine itself."""
    from gal.lint.addresses import is_local

    return is_local(host)


def host_of(url: str) -> str | None:
    """The host of a URL such as `http://idp.internal:8080/auth`; None where there is none."""
    _, there, rest = url.partition("://")
    if not there:
        return None
    authority = rest.split("/", 1)[0].split("?", 1)[0].rpartition("@")[2]
    if authority.startswith("["):
        return authority[1:].partition("]")[0] or None
    return authority.partition(":")[0] or None
