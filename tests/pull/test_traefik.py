"""Traefik's API: shapes as Traefik 3 answers them, and the real one."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from gal.writing import render
from tests.gateways.client import HOST
from tests.gateways.traefik import free_ports
from tests.pull.asking import pulled, refusal
from tests.pull.running import compared, exported, gateway, traefik
from tests.pull.server import Reply, serving

Json = dict[str, Any]

OBSERVED = {"accessLogs": True, "metrics": True, "tracing": True, "traceVerbosity": "minimal"}
STATE = {"status": "enabled", "using": ["web"]}
RAW: Json = {
    "routers": {
        "a@file": {
            "entryPoints": ["web"],
            "middlewares": ["auth@file", "auth@docker"],
            "service": "s",
            "rule": "Host(`a.test`) && PathPrefix(`/x`)",
            "priority": 34,
            "observability": OBSERVED,
            **STATE,
        },
        "b@docker": {
            "entryPoints": ["web"],
            "service": "s",
            "rule": "Path(`/b`)",
            "priority": 7,
            "tls": {"options": "strict@file"},
            "observability": {**OBSERVED, "accessLogs": False},
            **STATE,
            "status": "warning",
            "error": ["do-not-show-this-7"],
        },
        "c@kubernetescrd": {
            "entryPoints": ["web"],
            "service": "w",
            "rule": "Path(`/é`)",
            "priority": 11,
            "tls": {"options": "mtls"},
            "parentRefs": ["a@file"],
            **STATE,
        },
        "off@file": {
            "entryPoints": ["web"],
            "service": "nope",
            "rule": "Path(`/z`)",
            "status": "disabled",
            "error": ["do-not-show-this-7"],
        },
        "api@internal": {
            "entryPoints": ["traefik"],
            "service": "api@internal",
            "rule": "Path(`/`)",
        },
    },
    "middlewares": {
        "auth@file": {"basicAuth": {"users": ["u:$apr1$x"]}, "status": "enabled"},
        "auth@docker": {
            "headers": {"customRequestHeaders": {"service": "as it is"}},
            "status": "enabled",
            "usedBy": ["a@file"],
        },
        "chain@docker": {"chain": {"middlewares": ["auth", "auth@file"]}, "status": "enabled"},
        "pages@file": {"errors": {"status": ["500"], "service": "s", "query": "/"}},
        "own@file": {"plugin": {"own": {"service": "as it is", "middlewares": ["as it is"]}}},
        "redirect@internal": {"redirectScheme": {"scheme": "https"}},
    },
    "services": {
        "s@file": {
            "loadBalancer": {
                "servers": [{"url": "http://127.0.0.1:9"}],
                "serversTransport": "tp@file",
            },
            "status": "enabled",
            "serverStatus": {"http://127.0.0.1:9": "UP"},
        },
        "s@docker": {
            "loadBalancer": {"servers": [{"url": "http://127.0.0.1:8"}], "serversTransport": "tp"}
        },
        "w@kubernetescrd": {
            "weighted": {
                "services": [{"name": "s@file", "weight": 1}, {"name": "gone", "weight": 2}]
            }
        },
        "m@file": {"mirroring": {"service": "s", "mirrors": [{"name": "s", "percent": 5}]}},
        "f@file": {"failover": {"service": "s", "fallback": "s@docker"}},
        "noop@internal": {"status": "enabled"},
    },
    "tcpRouters": {
        "t@file": {"entryPoints": ["web"], "service": "ts", "rule": "HostSNI(`*`)", "priority": -1}
    },
    "tcpServices": {"ts@file": {"loadBalancer": {"servers": [{"address": "127.0.0.1:9"}]}}},
    "udpRouters": {"u@file": {"entryPoints": ["u"], "service": "us"}},
    "udpServices": {"us@file": {"loadBalancer": {"servers": [{"address": "127.0.0.1:9"}]}}},
}
USUAL: Json = {
    "transport": {
        "lifeCycle": {"graceTimeOut": "10s"},
        "respondingTimeouts": {"readTimeout": "1m0s", "idleTimeout": "3m0s"},
    },
    "forwardedHeaders": {},
    "http": {"sanitizePath": True, "maxHeaderBytes": 1048576},
    "http2": {
        "maxConcurrentStreams": 250,
        "maxDecoderHeaderTableSize": 4096,
        "maxEncoderHeaderTableSize": 4096,
    },
    "udp": {"timeout": "3s"},
}
POINTS: list[Json] = [
    {
        **USUAL,
        "name": "web",
        "address": ":80",
        "forwardedHeaders": {"trustedIPs": ["10.0.0.0/8"]},
        "http": {
            "middlewares": ["auth@file"],
            "tls": {},
            "sanitizePath": False,
            "maxHeaderBytes": 1048576,
        },
    },
    {
        **USUAL,
        "name": "red",
        "address": ":81",
        "http": {"redirections": {"entryPoint": {"to": "web", "scheme": "https"}}},
        "udp": {"timeout": "9s"},
    },
]
REPLIES: Json = {"/api/rawdata": RAW, "/api/entrypoints": POINTS}

FILE = """\
entryPoints:
  red:
    address: :81
    http:
      redirections:
        entryPoint:
          to: web
          scheme: https
    udp:
      timeout: 9s
  web:
    address: :80
    forwardedHeaders:
      trustedIPs:
      - 10.0.0.0/8
    http:
      sanitizePath: false
http:
  routers:
    a:
      entryPoints:
      - web
      middlewares:
      - auth-file
      - auth-docker
      service: s-file
      rule: Host(`a.test`) && PathPrefix(`/x`)
    b:
      entryPoints:
      - web
      service: s-docker
      rule: Path(`/b`)
      priority: 7
      tls:
        options: strict@unseen
      observability:
        accessLogs: false
        metrics: true
        tracing: true
        traceVerbosity: minimal
    c:
      entryPoints:
      - web
      service: w
      rule: Path(`/é`)
      tls:
        options: mtls@kubernetescrd
      parentRefs:
      - a
  middlewares:
    auth-docker:
      headers:
        customRequestHeaders:
          service: as it is
    auth-file:
      basicAuth:
        users:
        - u:$apr1$x
    chain:
      chain:
        middlewares:
        - auth-docker
        - auth-file
    own:
      plugin:
        own:
          service: as it is
          middlewares:
          - as it is
    pages:
      errors:
        status:
        - '500'
        service: s-file
        query: /
  services:
    f:
      failover:
        service: s-file
        fallback: s-docker
    m:
      mirroring:
        service: s-file
        mirrors:
        - name: s-file
          percent: 5
    s-docker:
      loadBalancer:
        servers:
        - url: http://127.0.0.1:8
        serversTransport: tp-docker
    s-file:
      loadBalancer:
        servers:
        - url: http://127.0.0.1:9
        serversTransport: tp
    w:
      weighted:
        services:
        - name: s-file
          weight: 1
        - name: gone@kubernetescrd
          weight: 2
  serversTransports:
    tp: {}
    tp-docker: {}
tcp:
  routers:
    t:
      entryPoints:
      - web
      service: ts
      rule: HostSNI(`*`)
      priority: -1
  services:
    ts:
      loadBalancer:
        servers:
        - address: 127.0.0.1:9
udp:
  routers:
    u:
      entryPoints:
      - u
      service: us
  services:
    us:
      loadBalancer:
        servers:
        - address: 127.0.0.1:9
"""
NOTES = """\
routers of Traefik itself are left out: api@internal
Traefik warns of these routers, see its log: b@docker
routers that Traefik has errors in do not act: off@file
Traefik's API tells neither certificates nor TLS options (mtls@kubernetescrd, strict@file): \
where they ask clients for a certificate, the file does not say so
Traefik's API does not tell how servers are spoken to: in the file these transports have no \
settings: tp@docker, tp@file
these are named but not there: services gone@kubernetescrd
"""


def test_the_file() -> None:
    with serving(REPLIES) as server:
        result = pulled("traefik", server.url)
    assert render(result.data) == FILE
    assert result.notes == tuple(NOTES.splitlines())
    assert result.counts["entry points"] == 2
    assert result.counts["routers"] == 3


def test_options_that_seem_to_ask_for_a_certificate_still_guard() -> None:
    router = {
        "entryPoints": ["web"],
        "service": "s",
        "rule": "Path(`/`)",
        "tls": {"options": "mtls"},
    }
    raw = {"routers": {"c@file": router}, "services": {"s@file": {"loadBalancer": {"servers": []}}}}
    with serving({"/api/rawdata": raw, "/api/entrypoints": POINTS[:1]}) as server:
        read = gateway("traefik", pulled("traefik", server.url).data)
    (route,) = [*read.routes, *(one for service in read.services for one in service.routes)]
    authentication = route.policies.authentication
    assert authentication is not None
    assert [guard.name for guard in authentication.guards] == ["client-certificate"]


def test_a_traefik_without_anything() -> None:
    with serving({"/api/rawdata": {}, "/api/entrypoints": []}) as server:
        result = pulled("traefik", server.url)
    assert (result.data, result.notes) == ({"entryPoints": {}}, ())


def test_pages() -> None:
    first, second = "?page=1&per_page=1000", "?page=2&per_page=1000"
    pages = {
        f"/api/entrypoints{first}": Reply(POINTS[:1], headers={"X-Next-Page": "2"}),
        f"/api/entrypoints{second}": Reply(POINTS[1:], headers={"X-Next-Page": "1"}),
    }
    with serving({"/api/rawdata": RAW, **pages}) as server:
        assert render(pulled("traefik", server.url).data) == FILE


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/api/rawdata", []),
        ("/api/rawdata", {"routers": []}),
        ("/api/rawdata", {"services": {"a@file": 3}}),
        ("/api/entrypoints", {}),
        ("/api/entrypoints", [{}]),
        ("/api/entrypoints", [3]),
    ],
    ids=str,
)
def test_answers_of_another_shape(path: str, answer: Any) -> None:
    with serving({**REPLIES, path: answer}) as server:
        told = refusal("traefik", server.url)
    assert f"{path} answers with something else than the API of Traefik" in told


def test_nothing_of_traefik() -> None:
    with serving({}) as server:
        told = refusal("traefik", server.url)
    assert "there is no /api/rawdata (404): is this the API of Traefik?" in told


# -- the real one

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
DYNAMIC: Json = {
    "http": {
        "routers": {
            "a": {
                "rule": "Host(`a.test`) && PathPrefix(`/x`)",
                "service": "s",
                "middlewares": ["auth", "limit", "strip"],
                "entryPoints": ["web"],
            },
            "both": {"rule": "Path(`/o`)", "service": "w"},
            "first": {"rule": "PathPrefix(`/x`)", "service": "s2", "priority": 900},
            "sure": {
                "rule": "Path(`/sure`)",
                "service": "s",
                "entryPoints": ["websecure"],
                "middlewares": ["chain@file"],
            },
        },
        "middlewares": {
            "auth": {"basicAuth": {"users": ["u:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g="], "realm": "r"}},
            "limit": {"rateLimit": {"average": 3, "burst": 5, "period": "1m"}},
            "strip": {"stripPrefix": {"prefixes": ["/x"]}},
            "mark": {"headers": {"customRequestHeaders": {"X-Mark": "b"}}},
            "chain": {"chain": {"middlewares": ["strip", "allow"]}},
            "allow": {"ipAllowList": {"sourceRange": ["127.0.0.0/8"]}},
        },
        "services": {
            "s": {"loadBalancer": {"servers": [{"url": "http://127.0.0.1:9"}]}},
            "s2": {
                "loadBalancer": {
                    "passHostHeader": False,
                    "servers": [{"url": "http://127.0.0.1:8"}],
                }
            },
            "w": {
                "weighted": {"services": [{"name": "s", "weight": 1}, {"name": "s2", "weight": 2}]}
            },
        },
    }
}


def static() -> Json:
    web, secure, redirecting = free_ports(3)
    return {
        "entryPoints": {
            "web": {"address": f"{HOST}:{web}"},
            "websecure": {
                "address": f"{HOST}:{secure}",
                "http": {"tls": {}, "middlewares": ["mark@file"]},
            },
            "red": {
                "address": f"{HOST}:{redirecting}",
                "http": {"redirections": {"entryPoint": {"to": "websecure", "scheme": "https"}}},
            },
        }
    }


@pytest.mark.gateway
def test_real_traefik(tmp_path: Path) -> None:
    config = static()
    with traefik(config, DYNAMIC, tmp_path) as url:
        result = pulled("traefik", url)
        assert render(pulled("traefik", url).data) == render(result.data)
    data = deepcopy(result.data)
    routers = data["http"]["routers"]
    assert sorted(routers) == ["a", "both", "first", "sure", "websecure-both", "websecure-first"]
    assert "priority" not in routers["a"]
    assert routers["first"]["priority"] == 900
    assert routers["websecure-both"]["middlewares"] == ["mark"]
    assert data["entryPoints"]["web"] == config["entryPoints"]["web"]
    assert data["entryPoints"]["red"]["http"]["redirections"]["entryPoint"]["to"] == "websecure"
    verification = compared(gateway("traefik", config, DYNAMIC), gateway("traefik", data))
    assert verification.sent > 50
    assert verification.disagreements == []


@pytest.mark.gateway
@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.stem)
def test_real_traefik_with_every_example(path: Path, tmp_path: Path) -> None:
    files = exported(path.read_text(encoding="utf-8"), "traefik")
    with traefik(files[0], files[1], tmp_path) as url:
        data = pulled("traefik", url).data
    verification = compared(gateway("traefik", *files), gateway("traefik", data))
    assert verification.sent >= 5
    assert verification.disagreements == []
