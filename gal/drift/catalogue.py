"""Every change that `gal drift` tells, by its stable id: what it means, and its usual labels.

The compared values may say more than the labels here, so a change can differ from them.
`gal drift --explain ID` prints an entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from textwrap import fill
from typing import Final

from gal.drift.change import Behaviour, Level, Operations, Security, Traffic
from gal.errors import UsageError


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of change.

    Attributes:
        id: stable, such as "D010".
        name: the id in words.
        level: usual level.
        labels: usual security, traffic, behaviour and operations label, a letter each.
        explanation: one paragraph.
    """

    id: str
    name: str
    level: Level
    labels: str
    explanation: str

    @property
    def security(self) -> Security:
        """Usual label."""
        return _SECURITY[self.labels[0]]

    @property
    def traffic(self) -> Traffic:
        """Usual label."""
        return _TRAFFIC[self.labels[1]]

    @property
    def behaviour(self) -> Behaviour:
        """Usual label."""
        return Behaviour.CHANGED if self.labels[2] == "c" else Behaviour.SAME

    @property
    def operations(self) -> Operations:
        """Usual label."""
        return _OPERATIONS[self.labels[3]]


_SECURITY: Final = {
    "w": Security.WEAKENED,
    "u": Security.UNKNOWN,
    "s": Security.STRENGTHENED,
    "n": Security.NEUTRAL,
}
_TRAFFIC: Final = {
    "b": Traffic.BREAKING,
    "r": Traffic.REROUTING,
    "o": Traffic.OPENING,
    "-": Traffic.NONE,
}
_OPERATIONS: Final = {
    "c": Operations.COSMETIC,
    "o": Operations.OBSERVABILITY,
    "-": Operations.NONE,
}

_TABLE: Final = """
D001 route-removed high nb=-
    Requests that a route took are taken by no route any more: clients get 404. Told by the
    atomic matches (host, path, method, conditions) of the old side that have no counterpart,
    and for which a request would find no other route on the new side.
D002 route-shadowed high ur=-
    Requests that a route took are now taken by another route, because their own is gone or
    comes too late. What the other route does with them is compared, and decides about the
    security label.
D003 route-added medium no=-
    Requests that no route took, or another one, are taken by a new route. It is of level high
    where the new route asks for no authentication although others do, or where it takes
    requests away from another route.
D004 route-match-widened medium wo=-
    A route takes more requests than before: more hosts, paths, methods or schemes, or fewer
    conditions on headers, parameters, addresses or server names.
D005 route-match-narrowed high sb=-
    A route takes fewer requests than before: fewer hosts, paths, methods or schemes, or more
    conditions. Clients that were answered are refused.
D006 route-upstream-changed high nr=-
    A route leads to other targets: none of the old ones is left.
D007 path-rewrite-changed high nbc-
    The upstream sees another path, method or Host for the same request: the prefix is stripped
    or kept, the base path or the rewriting expression changed, the client's Host is kept or
    replaced. Two spellings that give the same path for every tried request are no change.
D008 route-precedence-changed high ur=-
    Two routes take the same request, both are still there, and the other one wins now. Only the
    order of routes that overlap is compared, by each gateway's own ranking; numbers of
    priorities are not.
D009 route-disabled high nb=-
    A route, or the service it belongs to, is switched off: its requests get 404.
D120 route-enabled medium no=-
    A route, or the service it belongs to, is switched on.
D121 route-match-changed high ub=-
    A route takes other requests than before, neither more nor fewer: a path or host was
    replaced by another, or an expression changed in a way whose meaning cannot be ordered.
D122 route-answer-changed high nbc-
    The gateway answers or redirects where requests went to the upstream, or the other way
    round, or with another answer or location.
D123 upstream-protocol-changed medium nbc-
    The gateway speaks another protocol to the targets, such as HTTP/2 or gRPC instead of
    HTTP/1.1.
D010 auth-removed critical wo=-
    A route asked for credentials and asks for none any more.
D011 auth-made-optional critical wo=-
    Requests without valid credentials are let in as an anonymous consumer, or one of several
    kinds of authentication is enough where all were needed.
D012 auth-added medium sb=-
    A route asks for credentials that was open. Clients without any are refused from now on.
D013 auth-method-changed high ub=-
    A route asks for another kind of credentials. Which is stronger cannot be said.
D014 auth-fail-open critical wo=-
    Requests are let in while the external check cannot be reached.
D015 token-validation-weakened critical wo=-
    Tokens are checked for less: no issuer, more audiences, more algorithms, no expiry, other
    keys, no scope.
D016 token-validation-strengthened low sb=-
    Tokens are checked for more: an issuer, fewer audiences or algorithms, an expiry, a scope.
    Tokens that were accepted may be refused.
D017 consumer-added high wo=-
    Somebody new has credentials.
D018 credential-changed high ub=-
    A key, password or secret is another one. Only fingerprints are compared and shown.
D019 acl-widened high wo=-
    More groups may enter, fewer are denied, or a consumer has more groups.
D130 consumer-removed high sb=-
    Somebody has no credentials any more.
D131 credential-added high wo=-
    A consumer or route accepts one more key, password or secret.
D132 credential-removed high sb=-
    A consumer or route accepts a key, password or secret no longer.
D133 acl-narrowed high sb=-
    Fewer groups may enter, more are denied, or a consumer has fewer groups.
D134 acl-changed high ub=-
    Other groups may enter, neither more nor fewer.
D135 auth-made-mandatory medium sb=-
    Requests without valid credentials are refused that were let in as an anonymous consumer, or
    several kinds of authentication are needed where one was enough.
D136 auth-fail-closed low sb=-
    Requests are refused while the external check cannot be reached.
D137 auth-details-changed medium ubc-
    Credentials are looked for in other places, asked for in other words, or shown to the
    upstream or not: header and parameter names, realm, headers of the external check, claims
    passed on.
D138 auth-check-replaced high ub=-
    The same kind of authentication asks somebody else: another external service, issuer, key
    set or client.
D139 consumer-changed low n-c-
    What upstreams are told of a consumer changed: its name, while its credentials are the same, or
    its custom id.
D020 rate-limit-removed high w-c-
    A route had a limit on requests and has none any more.
D021 rate-limit-loosened medium w-c-
    A limit lets more requests through: a higher count, a larger burst, fewer windows.
D022 rate-limit-tightened medium sbc-
    A limit lets fewer requests through: clients get 429 earlier.
D023 rate-limit-key-changed high u-c-
    Requests are counted by something else, such as the consumer instead of the address.
D024 rate-limit-fail-mode-changed medium u-c-
    What happens while the store of the counts cannot be reached, or who shares a count,
    changed.
D025 rate-limit-response-changed low n-c-
    Refused clients get another status or message, or other headers tell of the limit.
D026 rate-limit-added medium sbc-
    A route has a limit on requests that had none.
D027 rate-limit-behaviour-changed medium u-c-
    The count is kept in another way (fixed window, sliding window, bucket), or rates of
    different windows replace each other, so that neither is looser.
D083 body-limit-changed medium n-c-
    The largest accepted request body changed. A removed or larger limit counts as weakened; a
    new or smaller one may break clients.
D030 cors-origins-widened medium wo=-
    Pages of more origins may read answers. With credentials it is critical.
D031 cors-credentials-allowed critical wo=-
    Foreign pages may send cookies and credentials.
D032 cors-details-changed medium n-c-
    Methods, headers, the time that preflights are kept, or who answers preflights changed for
    foreign pages.
D033 cors-origins-narrowed medium sb=-
    Pages of fewer origins may read answers; browsers refuse the others.
D034 cors-credentials-refused medium sb=-
    Foreign pages may not send cookies and credentials any more.
D035 cors-removed medium sb=-
    The gateway sends no CORS headers any more; browsers refuse foreign pages, unless the
    upstream sends them.
D036 cors-added medium wo=-
    The gateway sends CORS headers: foreign pages may read answers. With credentials it is
    critical.
D040 upstream-tls-verify-off critical w-=-
    The certificates of the targets are not checked any more, or more authorities are trusted.
D041 upstream-scheme-downgraded high w-=-
    Requests go to the targets in plain text that went by TLS.
D042 tls-min-version-changed high u-=-
    Older or only newer versions of TLS are accepted.
D043 mtls-changed critical u-=-
    A client certificate is not asked for or not shown any more, or another one is.
D044 certificate-changed medium n-c-
    A certificate, its key or the names that it is shown for changed. Fingerprints are compared,
    never bytes shown.
D045 https-redirect-removed high wo=-
    A route that only took HTTPS, and refused or redirected plain HTTP, takes plain HTTP.
D046 hsts-changed low w-c-
    The header Strict-Transport-Security is gone, or says less.
D047 certificate-removed high nb=-
    Server names have no certificate any more.
D048 https-redirect-added medium sbc-
    A route refuses or redirects plain HTTP that it took.
D049 certificate-added low n-c-
    There is a certificate for more server names.
D140 upstream-tls-verify-on low sb=-
    The certificates of the targets are checked, or fewer authorities are trusted. Targets whose
    certificate does not fit are refused.
D141 upstream-scheme-upgraded low s-c-
    Requests go to the targets by TLS that went in plain text.
D142 upstream-tls-details-changed medium u-c-
    Server name, depth of the chain or trusted authorities of TLS to the targets changed.
D143 https-redirect-status-changed low n-c-
    Plain HTTP gets another status on a route that only takes HTTPS.
D050 header-changed low n-c-
    A header is added, set, renamed or removed differently on requests or answers.
D051 identity-header-strip-removed high w-c-
    A header that tells upstreams who a client is was taken away from requests, and is not any
    more: clients can pretend.
D052 forwarded-header-trust-widened high w-c-
    X-Forwarded headers of the client are believed, or passed on, that were not.
D053 request-id-changed low n-co
    The header with the request's id, or how it is made, changed.
D054 transformation-changed medium n-c-
    Bodies are changed or checked differently.
D055 query-changed medium n-c-
    Query parameters are changed differently on their way to the upstream.
D060 ip-access-widened critical wo=-
    More addresses may enter: the allow-list grew, the deny-list shrank, or there is none any
    more.
D061 admin-exposed critical wo=-
    The gateway's administration listens where it did not: at all, or for other machines than its
    own. On the loopback address only it is of level medium.
D144 administration-changed low n---
    The gateway's administration listens on another port, for fewer machines, or not any more.
D062 internal-endpoint-published high wo=-
    A new route leads to what looks like an internal path, such as /admin, /metrics or /debug,
    and asks for no credentials.
D063 ip-access-narrowed high sb=-
    Fewer addresses may enter.
D064 user-agent-access-widened medium wo=-
    More kinds of clients may enter by what they call themselves.
D065 user-agent-access-narrowed medium sb=-
    Fewer kinds of clients may enter by what they call themselves.
D066 listener-added medium no=-
    The gateway listens on one more port.
D067 listener-removed high nb=-
    The gateway does not listen on a port any more.
D068 access-changed high ub=-
    Other addresses or clients may enter, neither more nor fewer.
D069 refusal-changed low n-c-
    Those who are refused get another status or message.
D070 target-added medium nr=-
    A target gets requests that got none.
D071 weight-ratio-changed medium nr=-
    Targets get other shares of the requests. Weights are compared as shares: 100 and 100 is 1
    and 1.
D072 load-balancing-changed medium nrc-
    Targets are chosen in another way, or by another key.
D073 health-check-changed low n-c-
    Targets are asked for their health differently, or not at all.
D074 sticky-sessions-changed medium nrc-
    Clients are brought back to the same target, or not, or by another cookie.
D075 target-removed medium nr=-
    A target gets no requests any more.
D076 target-drained medium nr=-
    A target is still named but its weight is 0.
D080 timeout-changed medium n-c-
    The gateway waits longer or shorter.
D081 retry-changed medium n-c-
    Failed attempts are repeated more or less often, or in other cases. Where requests that must
    not be repeated (POST, PATCH) come under it, the message says so.
D082 circuit-breaker-changed medium n-c-
    A failing upstream is left alone earlier, later or not at all.
D084 buffering-compression-cache-changed low n-c-
    Bodies are buffered, compressed or kept differently.
D085 mirror-changed medium u-c-
    Copies of requests go elsewhere, or in another share.
D090 secret-materialised critical w-=-
    A secret stands in the file itself where a reference to it stood.
D091 secret-reference-changed medium u-=-
    A reference leads to another secret. What it holds is not known here.
D092 secret-referenced low s-=-
    A reference stands where the secret itself stood.
D100 plugin-unknown-changed medium u-c-
    Settings that the model does not know, of a plugin or extension of one gateway, differ. They
    are compared as plain data.
D101 not-comparable info n-=-
    One side says what the other side's gateway cannot say. It is counted under "not compared",
    and is never a change.
D102 default-assumption-differs info n-=-
    Neither side says anything, and the two gateways' own defaults differ. It is told once a
    topic, under "assumptions".
D110 renamed info n-=c
    A name changed that traffic does not see. On Kong a name may decide between routes of equal
    rank, and labels of metrics follow it.
D111 reordered info n-=c
    Routes stand in another order, and no request takes another route for it.
D112 default-made-explicit info n-=c
    What was left to the default is said, or the other way round, with the same value.
D113 tags-changed info n-=c
    Tags or descriptions changed.
D114 structure-changed info n-=c
    The same is said in another structure: a route split or joined, an upstream written inline,
    a policy moved to another scope with the same effect, unused objects.
"""
"""A head line an entry: id, name, level, labels; below it the explanation, indented."""


@cache
def kinds() -> Mapping[str, Kind]:
    """Every kind of change by its id, in the order of the table."""
    found: dict[str, Kind] = {}
    head: list[str] = []
    said: list[str] = []
    for line in [*_TABLE.strip("\n").splitlines(), "end"]:
        if line.startswith(" "):
            said.append(line.strip())
            continue
        if head:
            id_, name, level, labels = head
            found[id_] = Kind(id_, name, Level(level), labels, " ".join(said))
        head, said = line.split(" "), []
    return found


def kind_of(id_: str) -> Kind:
    """The kind of an id.

    Raises:
        UsageError: there is none.
    """
    found = kinds().get(id_.upper())
    if found is None:
        raise UsageError(f'there is no change "{id_}"; they run from D001 to {max(kinds())}')
    return found


def explain(id_: str) -> str:
    """What `gal drift --explain ID` prints.

    Raises:
        UsageError: there is no such id.
    """
    one = kind_of(id_)
    labels = (
        f"level {one.level.value}",
        f"security {one.security.value}",
        f"traffic {one.traffic.value}",
        f"behaviour {one.behaviour.value}",
        f"operations {one.operations.value}",
    )
    text = fill(one.explanation, 88, initial_indent="  ", subsequent_indent="  ")
    return f"{one.id} {one.name}\n\n{text}\n\n  usually: {', '.join(labels)}\n"
