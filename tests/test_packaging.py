"""What a user installs: the wheel's content, its names, and the source distribution."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any, Final

import pytest

import gal

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT: Final = Path(__file__).parent.parent
LINKS: Final = ("importers", "exporters", "linters")
FOLDERS: Final = ("gal", *LINKS)


def sources() -> dict[str, Path]:
    """Path inside the wheel -> file, of everything below the four source folders."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            linked = folder == "gal" and path.relative_to(ROOT / "gal").parts[0] in LINKS
            if linked or path.is_dir() or "__pycache__" in path.parts:
                continue
            inside = path.relative_to(ROOT).as_posix()
            found[inside if folder == "gal" else f"gal/{inside}"] = path
    return found


def packages() -> list[str]:
    """Every folder below the four source folders that holds Python, by its dotted name."""
    folders = {Path(name).parent.as_posix() for name in sources() if name.endswith(".py")}
    return sorted(folder.replace("/", ".") for folder in folders)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the source distribution, built from a copy of the sources."""
    copy = tmp_path_factory.mktemp("copy")
    for folder in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / folder, copy / folder, symlinks=True, ignore=ignored)
    for name in ("pyproject.toml", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy / name)
    (copy / "tests").mkdir()
    (copy / "tests" / "test_any.py").touch()
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", "dist"],
        cwd=copy,
        check=True,
        capture_output=True,
    )
    return copy / "dist"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Path:
    return next(built.glob("*.whl"))


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def read(wheel: Path, name: str) -> str:
    with zipfile.ZipFile(wheel) as archive:
        inside = next(one for one in archive.namelist() if one.endswith(f".dist-info/{name}"))
        return archive.read(inside).decode()


def metadata(wheel: Path) -> Message:
    return Parser().parsestr(read(wheel, "METADATA"))


def test_every_package_is_listed() -> None:
    config: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert config["tool"]["setuptools"]["packages"] == packages()


def test_every_package_has_an_init() -> None:
    bare = [name for name in packages() if f"{name.replace('.', '/')}/__init__.py" not in sources()]
    assert bare == []


def test_wheel_holds_every_source_file_once_and_nothing_else(wheel: Path) -> None:
    content = sorted(name for name in names(wheel) if ".dist-info/" not in name)
    assert content == sorted(sources())


def test_files_in_the_wheel_are_those_of_the_tree(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        differ = [
            name for name, path in sources().items() if archive.read(name) != path.read_bytes()
        ]
    assert differ == []


def test_wheel_is_typed(wheel: Path) -> None:
    assert "gal/py.typed" in names(wheel)


def test_wheel_has_a_license(wheel: Path) -> None:
    assert "Permission is hereby granted" in read(wheel, "licenses/LICENSE")


def test_wheel_runs_on_every_platform(wheel: Path) -> None:
    assert wheel.name == f"gal_gateway-{gal.__version__}-py3-none-any.whl"


def test_command(wheel: Path) -> None:
    assert read(wheel, "entry_points.txt").split("\n")[:2] == [
        "[console_scripts]",
        "gal = gal.cli:main",
    ]


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("Name", ["gal-gateway"]),
        ("Version", [gal.__version__]),
        ("License-Expression", ["MIT"]),
        ("Requires-Python", [">=3.10"]),
        ("Provides-Extra", ["gateways", "dev"]),
    ],
)
def test_metadata(wheel: Path, field: str, values: list[str]) -> None:
    assert metadata(wheel).get_all(field) == values


def test_a_user_needs_few_packages(wheel: Path) -> None:
    needs = metadata(wheel).get_all("Requires-Dist") or []
    always = [one.partition(">")[0] for one in needs if "extra ==" not in one]
    assert always == ["click", "deepdiff", "pyasn1", "pyyaml", "tabulate", "tomli"]


def test_source_distribution(built: Path) -> None:
    with tarfile.open(next(built.glob("*.tar.gz"))) as archive:
        content = {name.partition("/")[2] for name in archive.getnames()}
    wanted = {path.relative_to(ROOT).as_posix() for path in sources().values()}
    assert wanted | {"LICENSE", "README.md", "pyproject.toml"} <= content
    assert [name for name in content if name.startswith("tests")] == []


def run(code: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", LINKS)
def test_link(name: str) -> None:
    link = ROOT / "gal" / name
    assert link.is_symlink()
    assert link.readlink() == Path("..") / name


@pytest.mark.parametrize("name", LINKS)
def test_second_name_is_refused(name: str) -> None:
    done = run(f"import {name}", ROOT)
    assert done.returncode == 1
    assert done.stderr.endswith(f"ImportError: import this package as gal.{name}\n")


@pytest.mark.parametrize("name", LINKS)
def test_name_works_from_the_wheel(name: str, wheel: Path, tmp_path: Path) -> None:
    code = f"import gal.{name}; print(gal.{name}.__file__)"
    done = run(code, tmp_path, PYTHONPATH=str(wheel))
    assert done.stdout == f"{wheel / 'gal' / name / '__init__.py'}\n"


def test_unknown_public_name() -> None:
    with pytest.raises(AttributeError, match="module 'gal' has no attribute 'nothing'"):
        getattr(gal, "nothing")  # noqa: B009 - type checkers know that there is none


@pytest.mark.parametrize("name", gal.__all__)
def test_public_name(name: str) -> None:
    assert getattr(gal, name) is not None
    assert name in dir(gal)
