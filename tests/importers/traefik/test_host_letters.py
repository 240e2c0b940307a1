"""Capital letters of expressions on hosts, which Traefik compares with hosts in small letters."""

from __future__ import annotations

import pytest

from gal.importers.traefik.host_letters import without_capitals

NEVER = r"[^\s\S]"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        pytest.param(r"^a\.test$", r"^a\.test$", id="small letters"),
        pytest.param(r"^A\.test$", rf"^{NEVER}\.test$", id="a capital letter"),
        pytest.param("(?:B|c)", f"(?:{NEVER}|c)", id="one way never fits"),
        pytest.param("^[a-zA-Z0-9-]+$", "^[a-z0-9-]+$", id="class"),
        pytest.param("[A-Z]x", f"{NEVER}x", id="class of capital letters"),
        pytest.param("[^A-Z]", r"[\s\S]", id="class of all others"),
        pytest.param("[A-z]", r"[\[-z]", id="range that starts with one"),
        pytest.param("[0-Z]", "[0-@]", id="range that ends with one"),
        pytest.param(r"[\]A]", r"[\]]", id="bracket in a class"),
        pytest.param("[[:upper:]B]", NEVER, id="named class"),
        pytest.param(r"\S+\.\Dx", r"\S+\.\Dx", id="escapes"),
        pytest.param(r"\p{Lu}\x4A", r"\p{Lu}\x4A", id="letters by number and kind"),
        pytest.param("(?P<Na>a)B", f"(?P<Na>a){NEVER}", id="name of a group"),
        pytest.param("(?i)^A", "(?i)^A", id="without case"),
        pytest.param("(?i:A)B", "(?i:A)B", id="partly without case"),
    ],
)
def test_without_capitals(pattern: str, expected: str) -> None:
    assert without_capitals(pattern) == expected
