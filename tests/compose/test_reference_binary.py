"""What the reference binary prints, we print: for each file of the corpus, and for short files with hard places."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from compose2aws.compose import ComposeError, LoadOptions, canonical, load
from tests.compose.projects import write
from tests.compose.reference import (
    comparable,
    corpus_files,
    differences,
    needs_binary,
    needs_corpus,
    reference_config,
)

pytestmark = needs_binary

HOME = {"HOME": "/home/someone"}
HARD = yaml.safe_load((Path(__file__).parent / "hard-cases.yaml").read_text("utf-8"))


def ours(file: Path, environment: dict[str, str], name: str | None = "proj") -> tuple[Any, str]:
    """Our configuration of a file, or None and what we say."""
    options = LoadOptions(
        files=(str(file),),
        project_name=name,
        profiles=("*",),
        environment=environment,
        working_directory=str(file.parent),
    )
    try:
        return canonical(load(options)), ""
    except ComposeError as error:
        return None, str(error)


def compare(file: Path, environment: dict[str, str], name: str | None = "proj") -> list[str]:
    """Where the two readings of a file differ."""
    theirs, said = reference_config(file, environment, name)
    mine, error = ours(file, environment, name)
    if theirs is None or mine is None:
        return [] if theirs is mine else [f"{file.name}: the reference: {said or 'accepts'}; we: {error or 'accept'}"]
    left, right = comparable(mine, of_reference=False), comparable(theirs, of_reference=True)
    return list(differences(left, right, str(file)))


@needs_corpus
def test_every_file_of_the_corpus_is_read_as_the_reference_reads_it() -> None:
    files = corpus_files()
    assert len(files) > 300
    with ThreadPoolExecutor(2) as pool:
        found = [line for lines in pool.map(lambda file: compare(file, HOME), files) for line in lines]
    assert found == []


@pytest.mark.parametrize("name", HARD["cases"])
def test_hard_places_are_read_as_the_reference_reads_them(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "proj"
    write(folder, {"compose.yaml": HARD["cases"][name], **HARD["files"]})
    found = compare(folder / "compose.yaml", HARD["environment"], None)
    assert bool(found) == (name in HARD["known differences"]), json.dumps(found, indent=1)


def test_the_order_of_keys_is_the_references(tmp_path: Path) -> None:
    folder = tmp_path / "proj"
    write(folder, {"compose.yaml": HARD["cases"]["misc"], **HARD["files"]})
    theirs, _ = reference_config(folder / "compose.yaml", HARD["environment"], None)
    mine, _ = ours(folder / "compose.yaml", HARD["environment"], None)
    assert theirs is not None
    assert list(mine["services"]["a"]) == list(theirs["services"]["a"])
