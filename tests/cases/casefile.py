"""A case as a Markdown file: a title, what it is about, and fenced blocks with info strings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "fixtures"
README = FOLDER / "README.md"
_FENCE = re.compile(r"^(`{3,})(.*)$")
_HEADING = "## "


@dataclass(slots=True)
class Block:
    """A fenced block.

    Attributes:
        info: the words after the fence, such as `yaml kong -> model`.
        text: what stands between the fences, with its last line end.
    """

    info: str
    text: str

    def render(self) -> str:
        """The block with its fences; a longer fence where the text holds one."""
        fence = "````" if "```" in self.text else "```"
        return f"{fence}{self.info}\n{self.text}{fence}\n"


@dataclass(slots=True)
class Section:
    """A part of a case below a heading of its own.

    Attributes:
        heading: the heading's text, without its hashes.
        prose: what a person wrote there, without the blocks.
        blocks: the blocks, in their order.
    """

    heading: str
    prose: str = ""
    blocks: list[Block] = field(default_factory=list)

    def render(self) -> str:
        """The section's text."""
        parts = [f"{_HEADING}{self.heading}\n"]
        parts += [f"{self.prose}\n"] if self.prose else []
        return "\n".join([*parts, *(block.render() for block in self.blocks)])


@dataclass(slots=True)
class Case:
    """One case.

    Attributes:
        path: its file.
        title: the first heading.
        about: one or two sentences, and the model's block below them.
        blocks: the blocks before the first section.
        sections: one a provider.
    """

    path: Path
    title: str = ""
    about: str = ""
    blocks: list[Block] = field(default_factory=list)
    sections: list[Section] = field(default_factory=list)

    @property
    def name(self) -> str:
        """`policy/case`."""
        return f"{self.path.parent.name}/{self.path.stem}"

    @property
    def policy(self) -> str:
        """What it is about, in the model's words."""
        return self.path.parent.name

    def find(self, info: str) -> str | None:
        """The text of the block with these words, if there is one."""
        every = [*self.blocks, *(block for one in self.sections for block in one.blocks)]
        return next((block.text for block in every if block.info == info), None)

    def render(self) -> str:
        """The file's text."""
        parts = [f"# {self.title}\n", f"{self.about}\n"]
        parts += [block.render() for block in self.blocks]
        return "\n".join([*parts, *(section.render() for section in self.sections)])


def case_files() -> list[Path]:
    """The files of all cases, `fixtures/POLICY/CASE.md`."""
    return sorted(FOLDER.glob("*/*.md"))


def read_case(path: Path) -> Case:
    """A case from its file.

    Raises:
        ValueError: the file does not end its last block, or has no title.
    """
    case = Case(path)
    prose: list[str] = []
    lines = iter(path.read_text(encoding="utf-8").splitlines())
    for line in lines:
        fence = _FENCE.match(line)
        if fence:
            _block_of(case).append(Block(fence.group(2).strip(), _until(lines, fence.group(1))))
        elif line.startswith(_HEADING):
            _settle(case, prose)
            case.sections.append(Section(line.removeprefix(_HEADING).strip()))
        elif line.startswith("# ") and not case.title:
            case.title = line.removeprefix("# ").strip()
        else:
            prose.append(line)
    _settle(case, prose)
    if not case.title:
        raise ValueError(f"{path.name} has no title")
    return case


def _block_of(case: Case) -> list[Block]:
    return case.sections[-1].blocks if case.sections else case.blocks


def _settle(case: Case, prose: list[str]) -> None:
    """Give the prose that was collected to the part that has just ended."""
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(prose)).strip()
    prose.clear()
    if case.sections:
        case.sections[-1].prose = text
    else:
        case.about = text


def _until(lines: Iterator[str], fence: str) -> str:
    found: list[str] = []
    for line in lines:
        if line == fence:
            return "".join(f"{one}\n" for one in found)
        found.append(line)
    raise ValueError("a block is not ended")
