"""What `drift-comment.sh` needs JSON for: the body of a comment, and the comment of an earlier run.

Only Python's own library: it runs before and without GAL.

    drift_comment.py text NAME REPORT MOST     the report as a comment shows it
    drift_comment.py body NAME REPORT MOST     the same as the body of a request
    drift_comment.py find NAME AUTHOR ANSWER   the number of the earlier comment; else `more` where
                                               there may be another page, or `last`
    drift_comment.py author ANSWER             whose token it is (GitLab)
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any, Final

PAGE: Final = 100
_FOLD: Final = re.compile(r"^(<details>|</details>)", re.MULTILINE)
# What follows these would be a person, an issue or a merge request, escaped or not.
_REFERENCE: Final = re.compile(r"@(?=\w)|[#!&%$~](?=\d)")
_JOINER: Final = "\N{WORD JOINER}"
_CUT: Final = "\n*Truncated.*\n"


def marker(name: str) -> str:
    """The line by which the comment of the next run is found."""
    return f"<!-- gal-drift:{name} -->"


def text(name: str, report: str, most: int) -> str:
    """A report with its marker, in at most `most` characters; nobody is called by it."""
    head = f"{marker(name)}\n"
    shown = head + _REFERENCE.sub(lambda found: found.group() + _JOINER, report)
    if len(shown) <= most:
        return shown
    kept = shown[: most - len(_CUT) - 200].rpartition("\n")[0]
    folds = [found.group() for found in _FOLD.finditer(kept)]
    open_folds = max(0, folds.count("<details>") - folds.count("</details>"))
    return kept + "\n" + "\n</details>\n" * min(open_folds, 10) + _CUT


def find(name: str, author: str, comments: list[dict[str, Any]]) -> str:
    """The number of the comment that an earlier run wrote: by its author and its first line."""
    for comment in comments:
        user = comment.get("user") or comment.get("author") or {}
        by = user.get("login") or user.get("username")
        body = str(comment.get("body") or "")
        if by == author and body.partition("\n")[0].strip() == marker(name):
            return str(int(comment["id"]))
    return "more" if len(comments) >= PAGE else "last"


def main(arguments: list[str]) -> str:
    """Do what the command line asks for, and give what is printed."""
    what, *rest = arguments
    if what == "author":
        return str(_answer(rest[0])["username"])
    if what == "find":
        name, author, answer = rest
        return find(name, author, _answer(answer))
    name, report, most = rest
    shown = text(name, Path(report).read_text(encoding="utf-8", errors="replace"), int(most))
    return shown if what == "text" else json.dumps({"body": shown})


def _answer(path: str) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


if __name__ == "__main__":
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    sys.stdout.write(main(sys.argv[1:]) + ("" if sys.argv[1] in ("text", "body") else "\n"))
