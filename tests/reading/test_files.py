"""Files, encodings, and which format it is."""

from __future__ import annotations

import contextlib
import gc
import io
import sys
from pathlib import Path

import pytest

from gal.errors import InputError
from gal.reading import decode as decoding
from gal.reading import read_documents, read_file
from tests.reading.helpers import failure, place, read


@pytest.mark.parametrize(
    ("name", "text", "format"),
    [
        ("f.yaml", "a: 1", "yaml"),
        ("f.yml", '{"a": 1}', "json"),
        ("f.JSON", '{"a": 1}', "json"),
        ("f.toml", "a = 1", "toml"),
        ("<stdin>", "a: 1", "yaml"),
        ("<stdin>", ' \n{"a": 1}', "json"),
        ("<stdin>", "{a: 1}", "yaml"),
        ("<stdin>", "# c\n\n[a]\nb = 1", "toml"),
        ("<stdin>", "[[a]] # c\nb = 1", "toml"),
        ("<stdin>", "a = 1", "toml"),
        ("<stdin>", "[1, 2]", "json"),
        ("<stdin>", "[a, b]", "yaml"),
        ("<stdin>", "a: b = c", "yaml"),
        ("f.conf", "a: 1", "yaml"),
    ],
)
def test_format(name: str, text: str, format: str) -> None:
    assert read(text, name).format == format


def test_a_given_format_decides() -> None:
    assert read("a = 1", "f.yaml", "toml").root.plain() == {"a": 1}
    with pytest.raises(InputError, match="a key in double quotes is expected"):
        read_documents("{a: 1}", "f.yaml", "json")


LIST = " (in the list that starts at line 2, column 5)"
MAPPING = " (in the mapping that starts at line 1, column 1)"


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ('{"a": 1,\n "b": "x" "y"}', "2:11", f'"," or "}}" is expected{MAPPING}'),
        ('{"a": 1,\n b: [2}', "2:7", f'expected "," or "]"{LIST}'),
        ('{"a": 1, "a": 1}', "1:10", 'duplicate key "a", first at line 1'),
    ],
)  # fmt: skip
def test_of_two_formats_the_one_that_got_further_speaks(text: str, at: str, message: str) -> None:
    error = failure(text, "<stdin>")
    assert (place(error), error.message) == (at, message)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_encodings(encoding: str) -> None:
    document = read("ä: ö\nb: 😀".encode(encoding))
    assert document.root.plain() == {"ä": "ö", "b": "😀"}
    assert document.root.column == 1


@pytest.mark.parametrize(
    ("data", "at", "message", "text"),
    [
        (b"a: \xc3\xb6\nb: \xe9x", "2:4", "byte 0xE9 is not valid UTF-8", "b: \ufffdx"),
        (b"\xef\xbb\xbfa: \xe9", "1:4", "byte 0xE9 is not valid UTF-8", "a: \ufffd"),
        (b"a: x\xc3", "1:5", "byte 0xC3 is not valid UTF-8", "a: x\ufffd"),
        ("\ufeffa: 1\n".encode("utf-16-le") + b"\x00\xd8", "2:1", "byte 0x00 is not valid UTF-16",
            "\ufffd"),
        (b"\x00\x01\xff", "1:1", "the file is binary, not text", ""),
        (b"a: b\nc\x00", "2:2", "the file is binary, not text", ""),
        ("a: \ud800", "1:4", "half of a surrogate pair is no text", "a: \ud800"),
    ],
)  # fmt: skip
def test_no_text(data: bytes | str, at: str, message: str, text: str) -> None:
    error = failure(data)
    assert (place(error), error.message) == (at, message)
    assert error.position is not None
    assert error.position.text == text


def test_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_BYTES", 4)
    assert failure("a: 12").message == "f.yaml is larger than 0 MiB, the most that is read"


def test_file(tmp_path: Path) -> None:
    path = tmp_path / "kong.yaml"
    path.write_bytes(b"a: 1\r\nb: 2\r\n")
    (document,) = read_file(str(path))
    assert document.root.plain() == {"a": 1, "b": 2}
    assert str(document.root.position) == f"{path}:1:1"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"a: 1")))
    (document,) = read_file("-")
    assert str(document.root.position) == "<stdin>:1:1"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (".", "it is a folder"),
        ("gone.yaml", "there is no such file"),
        ("a\0b", "embedded null byte"),
        ("x" * 300, "file name too long"),
    ],
)
def test_no_file(name: str, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError) as caught:
        read_file(name)
    assert caught.value.render() == f'cannot read "{name}": {reason}'


def test_permission_denied(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(InputError, match=r'cannot read "f\.yaml": permission denied'):
        read_file("f.yaml")


@pytest.mark.parametrize("text", ["a: 1", "a: *b"])
def test_the_collector_is_on_afterwards(text: str) -> None:
    assert gc.isenabled()
    with contextlib.suppress(InputError):
        read_documents(text, "f")
    assert gc.isenabled()
