"""`ci/drift-comment.sh`: one comment on a pull or merge request; no job fails by it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.ci.conftest import BOT, TOKEN, Api, Done, Run

MARKER = "<!-- gal-drift:gateway -->"
Site = Callable[..., dict[str, str]]
REPORT = "<!-- gal-drift -->\n### Gateway drift\n\n**no change**\n"


def github(api: Api, **more: str) -> dict[str, str]:
    return {
        "GITHUB_API_URL": api.url,
        "GITHUB_REPOSITORY": "acme/shop",
        "GAL_PULL_REQUEST": "7",
        "GAL_TOKEN": TOKEN,
        **more,
    }


def gitlab(api: Api, **more: str) -> dict[str, str]:
    return {
        "GITLAB_CI": "true",
        "CI_API_V4_URL": api.url,
        "CI_PROJECT_ID": "42",
        "CI_MERGE_REQUEST_IID": "7",
        "GAL_TOKEN": TOKEN,
        **more,
    }


def quiet(done: Done) -> bool:
    """Whether it succeeded and said nothing."""
    return (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "gal drift.md"
    path.write_text(REPORT, encoding="utf-8")
    return path


SITES = [
    pytest.param(
        github,
        "/api/repos/acme/shop/issues/7/comments",
        "/api/repos/acme/shop/issues/comments/1001",
        "PATCH",
        ("Authorization", f"Bearer {TOKEN}"),
        id="github",
    ),
    pytest.param(
        gitlab,
        "/api/projects/42/merge_requests/7/notes",
        "/api/projects/42/merge_requests/7/notes/1001",
        "PUT",
        ("PRIVATE-TOKEN", TOKEN),
        id="gitlab",
    ),
]


@pytest.mark.parametrize(("site", "list_", "one", "change", "header"), SITES)
def test_the_first_run_posts_and_the_second_updates(
    site: Site, list_: str, one: str, change: str, header: tuple[str, str],
    api: Api, run: Run, report: Path,
) -> None:  # fmt: skip
    assert quiet(run("drift-comment.sh", str(report), **site(api)))
    assert [one["body"] for one in api.comments] == [f"{MARKER}\n{REPORT}"]
    report.write_text("second\n", encoding="utf-8")
    assert quiet(run("drift-comment.sh", str(report), **site(api)))
    assert [one["body"] for one in api.comments] == [f"{MARKER}\nsecond\n"]
    told = [(method, path.partition("?")[0]) for method, path, _ in api.requests]
    asked = [pair for pair in told if not pair[1].endswith("/user")]
    assert asked == [("GET", list_), ("POST", list_), ("GET", list_), (change, one)]
    assert {headers.get(header[0]) for _, _, headers in api.requests} == {header[1]}


def test_an_earlier_comment_is_found_on_a_later_page(api: Api, run: Run, report: Path) -> None:
    for number in range(150):
        api.comment(f"comment {number}", "somebody")
    number = api.comment(f"{MARKER}\nold")
    for number_of in range(100):
        api.comment(f"later {number_of}", "somebody")
    assert quiet(run("drift-comment.sh", str(report), **github(api)))
    assert api.methods == ["GET", "GET", "PATCH"]
    assert next(one for one in api.comments if one["id"] == number)["body"].endswith(REPORT)


NOT_OURS = {
    "somebody else's with our first line": (f"{MARKER}\nold", "mallory"),
    "ours about another configuration": ("<!-- gal-drift:other -->\nold", BOT),
    "ours with the line further down": (f"text\n{MARKER}", BOT),
    "an empty one": ("", BOT),
}


@pytest.mark.parametrize(("body", "login"), NOT_OURS.values(), ids=NOT_OURS)
def test_other_comments_stay(body: str, login: str, api: Api, run: Run, report: Path) -> None:
    api.comment(body, login)
    assert quiet(run("drift-comment.sh", str(report), **github(api)))
    assert [one["body"] for one in api.comments] == [body, f"{MARKER}\n{REPORT}"]


def test_a_comment_of_a_token_of_ones_own(api: Api, run: Run, report: Path) -> None:
    api.login = "deploy-bot"
    api.comment(f"{MARKER}\nold", "deploy-bot")
    assert quiet(run("drift-comment.sh", str(report), **github(api, GAL_AUTHOR="deploy-bot")))
    assert len(api.comments) == 1


def test_configurations_have_comments_of_their_own(api: Api, run: Run, report: Path) -> None:
    for name in ("kong", "envoy-2", "kong"):
        assert quiet(run("drift-comment.sh", str(report), **github(api, GAL_NAME=name)))
    first_lines = [one["body"].partition("\n")[0] for one in api.comments]
    assert first_lines == ["<!-- gal-drift:kong -->", "<!-- gal-drift:envoy-2 -->"]


def test_a_comment_that_was_just_deleted_is_posted_again(api: Api, run: Run, report: Path) -> None:
    api.comment(f"{MARKER}\nold")
    api.statuses["PATCH"] = 404
    assert quiet(run("drift-comment.sh", str(report), **github(api)))
    assert api.methods == ["GET", "PATCH", "POST"]


@pytest.mark.parametrize(("site", "most"), [(github, 65_536), (gitlab, 1_000_000)])
def test_a_report_that_is_too_long_is_cut(
    site: Site, most: int, api: Api, run: Run, report: Path
) -> None:
    row = "| 🔴 critical | D010 | route GET api\\.example\\.com /orders |\n"
    text = REPORT + "<details><summary>all</summary>\n\n" + row * 20_000 + "\n</details>\n"
    report.write_text(text, encoding="utf-8")
    assert quiet(run("drift-comment.sh", str(report), **site(api)))
    (comment,) = api.comments
    assert most * 0.8 < len(comment["body"]) < most
    assert comment["body"].count("<details>") == comment["body"].count("</details>") == 1
    assert comment["body"].endswith("\n*Truncated.*\n")
    assert row + "\n</details>" in comment["body"]


HOSTILE = [
    "`$(touch hacked)` and `` `touch hacked` ``; touch hacked",
    "::error::text of the report is no command\n::add-mask::a",
    '"quotes" \\ and \t tabs, {"body": "other"}',
    "NUL \x01 and \ud83d\ude00 and ü and \u202e",
    "%s %n ${HOME} $HOME @/etc/hostname",
    f"<!-- gal-drift:other -->\n{MARKER}",
]


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_text_of_a_report_is_text(
    text: str, api: Api, run: Run, report: Path, tmp_path: Path
) -> None:
    text = text.encode("utf-16", "surrogatepass").decode("utf-16")
    report.write_text(text, encoding="utf-8")
    summary = tmp_path / "summary.md"
    assert quiet(
        run("drift-comment.sh", str(report), **github(api, GITHUB_STEP_SUMMARY=str(summary)))
    )
    (comment,) = api.comments
    assert comment["body"].replace("\N{WORD JOINER}", "") == f"{MARKER}\n{text}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["gal drift.md", "summary.md"]
    assert summary.read_text(encoding="utf-8") == comment["body"]


CALLED = [
    ("ask @octocat and \\@acme/team", "ask @\u2060octocat and \\@\u2060acme/team"),
    ("see #12, acme/shop#12 and !7", "see #\u206012, acme/shop#\u206012 and !\u20607"),
    ("### Heading, a@, 100 %", "### Heading, a@, 100 %"),
]


@pytest.mark.parametrize(("text", "shown"), CALLED)
def test_nobody_is_called(text: str, shown: str, api: Api, run: Run, report: Path) -> None:
    report.write_text(text, encoding="utf-8")
    run("drift-comment.sh", str(report), **github(api))
    assert api.comments[0]["body"] == f"{MARKER}\n{shown}"


FAILURES = [
    pytest.param({"GET": 403}, "reading the comments is not allowed (status 403)", id="forbidden"),
    pytest.param({"GET": 404}, "reading the comments is not allowed (status 404)", id="hidden"),
    pytest.param({"GET": 500}, "reading the comments failed (status 500)", id="broken"),
    pytest.param({"POST": 403}, "posting the comment is not allowed (status 403)", id="a fork"),
    pytest.param({"POST": 422}, "posting the comment failed (status 422)", id="refused"),
]


@pytest.mark.parametrize("site", [github, gitlab])
@pytest.mark.parametrize(("statuses", "said"), FAILURES)
def test_an_error_of_the_api_is_a_warning(
    site: Site, statuses: dict[str, int], said: str, api: Api, run: Run, report: Path
) -> None:
    api.statuses.update(statuses)
    done = run("drift-comment.sh", str(report), **site(api))
    told = done.stdout + done.stderr
    if site is gitlab and "GET" in statuses:
        said = said.replace("reading the comments", "asking whose token it is")
    assert done.returncode == 0
    assert f"no comment: {said}" in told
    assert told.startswith("::warning " if site is github else "warning: ")
    assert told.count("\n") == 1
    assert TOKEN not in told


def test_nobody_answers(api: Api, run: Run, report: Path) -> None:
    settings = github(api, GITHUB_API_URL="http://127.0.0.1:9")
    done = run("drift-comment.sh", str(report), **settings)
    assert done.returncode == 0
    assert "no comment: reading the comments failed (status 000)" in done.stdout
    assert (done.stderr, TOKEN in done.stdout) == ("", False)


def test_an_answer_that_is_no_json(api: Api, run: Run, report: Path) -> None:
    api.comments.append({"id": "1; touch hacked", "body": MARKER, "user": {"login": BOT}})
    done = run("drift-comment.sh", str(report), **github(api))
    assert done.returncode == 0
    assert "no comment: reading the comments failed (status 200)" in done.stdout


WITHOUT = [
    pytest.param({"GAL_PULL_REQUEST": ""}, "", id="no pull request"),
    pytest.param({"GAL_PULL_REQUEST": "7/../8"}, "no number of a pull request", id="no number"),
    pytest.param({"GAL_TOKEN": ""}, "there is no token", id="no token"),
    pytest.param({"GAL_NAME": "a -->"}, "a name has letters", id="a name with markup"),
]


@pytest.mark.parametrize(("settings", "said"), WITHOUT)
def test_nothing_is_asked(
    settings: dict[str, str], said: str, api: Api, run: Run, report: Path
) -> None:
    done = run("drift-comment.sh", str(report), **github(api, **settings))
    assert (done.returncode, api.requests) == (0, [])
    assert said in done.stdout
    assert bool(said) is bool(done.stdout)


def test_a_report_that_is_not_there(api: Api, run: Run) -> None:
    done = run("drift-comment.sh", "missing.md", **github(api))
    assert (done.returncode, api.requests) == (0, [])
    assert "there is no report" in done.stdout


def test_the_summary_has_the_report_without_a_pull_request(
    api: Api, run: Run, report: Path, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n", encoding="utf-8")
    settings = github(api, GAL_PULL_REQUEST="", GITHUB_STEP_SUMMARY=str(summary))
    assert quiet(run("drift-comment.sh", str(report), **settings))
    assert summary.read_text(encoding="utf-8") == f"before\n{MARKER}\n{REPORT}"
