"""Real compose files, rehearsed: deployed, tried, compared, changed and destroyed in an account made of moto."""

from __future__ import annotations

import contextlib
import shutil
import tomllib
from pathlib import Path

import pytest

from compose2aws.catalog import load_catalog
from compose2aws.cloudformation import emit
from compose2aws.compose import LoadOptions, load
from compose2aws.compose.project import ComposeError, Project
from compose2aws.planning.planner import plan
from compose2aws.rehearsal.performance import RehearsalFailed, perform
from compose2aws.report.progress_silent import SilentProgress
from tests.compose.reference import CORPUS, corpus_files, needs_corpus
from tests.connection.corpus import furnish

# What a plan says of a client that will be refused, as an error; its rehearsal fails then, and rightly.
NO_LOGIN = {"database-without-client", "cache-password-not-given", "login-in-file"}
SCENES = {"Deployed", "Looked at", "Connected", "Compared", "Destroyed"}


def name_of(file: Path) -> str:
    return str(file.relative_to(CORPUS)) if file.is_relative_to(CORPUS) else file.name


def read(file: Path, folder: Path) -> Project | None:
    """The project of a file, furnished with what it wants; None where a file that it reads is missing."""
    place = folder / "plain" / file.name
    shutil.copytree(file.parent, place.parent, symlinks=True)
    if (file.parent / "template.toml").is_file():
        with contextlib.suppress(tomllib.TOMLDecodeError):  # one of them is no TOML
            place = furnish(file.parent, folder / "furnished")
    options = LoadOptions(
        files=(place.name,),
        project_name="project",
        working_directory=str(place.parent),
        required_variables="hole",
    )
    try:
        return load(options)
    except ComposeError:
        return None


@needs_corpus
@pytest.mark.soak
@pytest.mark.parametrize("tier", ["development", "production"])
@pytest.mark.parametrize("file", corpus_files()[::5], ids=name_of)
def test_real_files_can_be_rehearsed(file: Path, tier: str, tmp_path: Path) -> None:
    project = read(file, tmp_path)
    if project is None:
        return
    made = plan(project, load_catalog(), tier)
    if any(decision.outcome == "refused" for decision in made.decisions):
        return
    titles = set()
    try:
        for scene in perform(project, made, emit(made), SilentProgress()):
            titles.add(scene.title)
    except RehearsalFailed as failure:
        if not NO_LOGIN.intersection(finding.code for finding in made.findings):
            raise
        assert all("password" in sentence for sentence in failure.sentences)
    else:
        assert titles >= SCENES
