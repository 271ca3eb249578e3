"""The rooms of the package import what the table in docs/architecture.md lets them, and nothing else."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "compose2aws"
ROOMS = sorted(place.name for place in PACKAGE.iterdir() if (place / "__init__.py").is_file())

LIBRARIES = {
    "boto3": {"delivery", "rehearsal"},
    "botocore": {"delivery", "rehearsal", "cli"},
    "troposphere": {"cloudformation"},
    "moto": {"rehearsal"},
    "werkzeug": {"rehearsal"},
    "cfnlint": {"rehearsal", "cli", "catalog"},
    "dns": {"delivery"},
    "rich": {"report"},
    "pygraphviz": {"report"},
    "click": {"cli", "report"},
}
"""Which rooms may import a library. `cli` takes botocore's exceptions and cfn-lint, `report` click's styles."""

EXCEPTIONS = {
    # not a part of the program: it is sent to AWS as text, and runs there
    ("cloudformation/job_function.py", "boto3"),
    # write tables anew from CloudFormation's schemas, when `make versions` asks for it
    ("delivery/checks/derive_actions.py", "compose2aws.rehearsal"),
    ("delivery/difference/derive_updates.py", "compose2aws.rehearsal"),
}


@cache
def allowed() -> dict[str, set[str]]:
    """The rooms that each room may import, as the page says it."""
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    found = {}
    for room, _, may, _ in re.findall(r"^\| `(\w+)/` \|([^|]*)\|([^|]*)\|([^|]*)\|$", text, re.MULTILINE):
        found[room] = set(ROOMS) if may.strip() == "all" else set(re.findall(r"`(\w+)/`", may))
    return found


def files(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py"))


@cache
def imports(file: Path, *, types: bool = False) -> tuple[str, ...]:
    """The modules that a file imports, also inside of functions; with `types` those for type checkers too."""
    return tuple(_imports(file, types))


def _imports(file: Path, types: bool) -> Iterator[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    hidden: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            hidden.update(inner for part in node.body for inner in ast.walk(part))
    for node in ast.walk(tree):
        if node in hidden and not types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{file}: an import by dots"
            yield node.module or ""
            if node.module == "compose2aws":
                yield from (f"compose2aws.{alias.name}" for alias in node.names)


def name(file: Path) -> str:
    return file.relative_to(PACKAGE).as_posix()


def test_the_page_knows_every_room() -> None:
    assert set(allowed()) == set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_the_rooms_that_it_may(room: str) -> None:
    wrong = []
    for file in files(room):
        for module in imports(file):
            parts = module.split(".")
            other = parts[1] if parts[0] == "compose2aws" and len(parts) > 1 else room
            if (
                other in ROOMS
                and other not in allowed()[room] | {room}
                and (name(file), f"compose2aws.{other}") not in EXCEPTIONS
            ):
                wrong.append(f"{name(file)} imports {module}")
    assert not wrong


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_library_stays_in_its_rooms(library: str) -> None:
    wrong = [
        name(file)
        for room in ROOMS
        if room not in LIBRARIES[library]
        for file in files(room)
        if any(module.split(".")[0] == library for module in imports(file)) and (name(file), library) not in EXCEPTIONS
    ]
    assert not wrong


def test_exceptions_are_still_needed() -> None:
    for file, module in EXCEPTIONS:
        assert any(one == module or one.startswith(f"{module}.") for one in imports(PACKAGE / file)), file


@pytest.mark.parametrize("room", ["compose", "catalog", "planning", "cloudformation", "inspection"])
def test_what_needs_no_account_knows_none(room: str) -> None:
    """Not even for type checkers."""
    for file in files(room):
        for module in imports(file, types=True):
            assert not module.startswith(("compose2aws.delivery", "compose2aws.cli", "compose2aws.rehearsal")), file


def test_planning_reads_no_file_of_a_project() -> None:
    """`schedule.py` reads the list of time zones of a library."""
    calls = {"open", "read_text", "read_bytes", "iterdir", "glob", "rglob", "exists", "is_file", "is_dir", "stat"}
    wrong = []
    for file in files("planning"):
        if file.name == "schedule.py":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if called in calls:
                    wrong.append(f"{name(file)}:{node.lineno}: {called}")
    assert not wrong
