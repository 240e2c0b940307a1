"""Kong's Admin API: shapes as Kong 3.10 answers them, with a database and without one."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from gal.writing import render
from tests.pull.asking import pulled, refusal
from tests.pull.kong_shapes import CONSUMER, ENTITIES, FILE, GROUP, IDLE, WRITTEN, listed
from tests.pull.running import compared, gateway
from tests.pull.server import Reply, Server, serving

Json = dict[str, Any]

DATABASE = Reply({"message": "this endpoint is only available without a database"}, 400)


def test_the_file() -> None:
    with serving({**ENTITIES, "/config": DATABASE}) as server:
        result = pulled("kong", server.url)
    assert render(result.data) == FILE
    assert result.notes == ()
    assert result.counts["routes"] == 2


def test_the_importer_reads_it() -> None:
    with serving(ENTITIES) as server:
        read = gateway("kong", pulled("kong", server.url).data)
    result = compared(gateway("kong", WRITTEN), read)
    assert result.sent > 20
    assert result.disagreements == []
    assert not result.open


def whole_file() -> str:
    """All entities as a Kong without a database tells them: YAML, and references by id alone."""
    names = {"/key-auths": "keyauth_credentials", "/basic-auths": "basicauth_credentials"}
    data: Json = {"_format_version": "3.0", "_transform": False}
    for path, answer in ENTITIES.items():
        kind = "targets" if path.endswith("/targets") else names.get(path, path.strip("/"))
        data[kind] = [
            {key: value["id"] if is_reference(value) else value for key, value in item.items()}
            for item in answer["data"]
        ]
    return render(data)


def is_reference(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"id"}


def test_without_a_database_one_request_is_enough() -> None:
    with serving({"/config": {"config": whole_file()}}) as server:
        assert render(pulled("kong", server.url).data) == FILE
    assert server.targets == ["/config"]


@pytest.mark.parametrize("status", [400, 403, 404, 405])
def test_where_there_is_no_whole_file(status: int) -> None:
    with serving({**ENTITIES, "/config": Reply({}, status)}) as server:
        assert render(pulled("kong", server.url).data) == FILE


@pytest.mark.parametrize(
    "answer",
    [
        {"config": 3},
        {},
        [],
        {"config": "a: ["},
        {"config": ""},
        {"config": "[]"},
        {"config": "services: 3"},
        {"config": "services: [3]"},
    ],
    ids=str,
)
def test_a_whole_file_that_is_none(answer: Any) -> None:
    with serving({"/config": answer}) as server:
        assert "/config answers with something else" in refusal("kong", server.url)


class Paged(Server):
    """Gives one item a page, as Kong does: `offset` and `next`."""

    next_only = False

    def reply(self, target: str) -> Reply:
        found = super().reply(target)
        if found.status != 200 or not found.data.get("data"):
            return found
        parts = urlsplit(target)
        items = found.data["data"]
        at = int(parse_qs(parts.query).get("offset", ["0"])[0])
        page = {"data": items[at : at + 1], "next": None}
        if at + 1 < len(items):
            # A proxy in front of Kong may have taken a prefix away.
            page["next"] = f"/internal{parts.path}?offset={at + 1}&size=1"
            if not self.next_only:
                page["offset"] = str(at + 1)
        return Reply(page)


@pytest.mark.parametrize("next_only", [False, True], ids=["offset", "next"])
def test_pages(next_only: bool) -> None:
    server = Paged({f"/admin{path}": answer for path, answer in ENTITIES.items()})
    server.next_only = next_only
    server.start()
    try:
        assert render(pulled("kong", f"{server.url}/admin").data) == FILE
    finally:
        server.stop()
    asked = [target for target in server.targets if target.startswith("/admin/routes")]
    assert asked == ["/admin/routes?size=1000", "/admin/routes?size=1000&offset=1"]


def test_pages_without_an_end() -> None:
    page = {"data": [{"id": "1"}], "next": "/services?offset=1", "offset": "1"}
    with serving({**ENTITIES, "/services": page}) as server:
        told = refusal("kong", server.url)
    assert "the pages of /services have no end" in told


def test_a_workspace() -> None:
    with serving({f"/team%2Fa{path}": answer for path, answer in ENTITIES.items()}) as server:
        data = pulled("kong", server.url, "team/a").data
    assert data.pop("_workspace") == "team/a"
    assert render(data) == FILE
    assert "/config" not in server.targets


def test_consumer_groups() -> None:
    group = {**IDLE, "id": GROUP, "name": "gold"}
    extra = {
        "/consumer_groups": listed(group),
        f"/consumer_groups/{GROUP}/consumers": {"consumers": [{"id": CONSUMER}]},
    }
    with serving({**ENTITIES, **extra}) as server:
        data = pulled("kong", server.url).data
    assert data["consumer_groups"] == [{"id": GROUP, "name": "gold"}]
    assert data["consumer_group_consumers"] == [
        {"consumer": {"id": CONSUMER}, "consumer_group": {"id": GROUP}}
    ]


@pytest.mark.parametrize("path", ["/routes", "/plugins", "/consumers", "/upstreams"])
def test_what_every_kong_has_must_be_there(path: str) -> None:
    with serving({**ENTITIES, path: Reply({}, 404)}) as server:
        message = f"there is no {path} (404): is this the Admin API of Kong?"
        told = refusal("kong", server.url)
    assert message in told


@pytest.mark.parametrize("path", ["/routes", "/plugins", "/key-auths", "/consumer_groups"])
def test_a_kind_that_may_not_be_read(path: str) -> None:
    with serving({**ENTITIES, path: Reply({}, 403)}) as server:
        told = refusal("kong", server.url)
    assert f"may not read {path} (403)" in told


@pytest.mark.parametrize("answer", [[], {}, {"data": 3}, {"data": [3]}, Reply('"text"')], ids=repr)
def test_answers_of_another_shape(answer: Any) -> None:
    with serving({**ENTITIES, "/services": answer}) as server:
        told = refusal("kong", server.url)
    assert "/services answers with something else than the Admin" in told


def test_only_get_is_sent() -> None:
    with serving(ENTITIES) as server:
        pulled("kong", server.url)
    assert {asked.method for asked in server.asked} == {"GET"}
