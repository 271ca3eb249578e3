"""The checker of templates finds nothing in the golden cases, the examples, and real files, in both tiers."""

from __future__ import annotations

import contextlib
import shutil
import tomllib
from pathlib import Path

import pytest

from compose2aws.catalog import Catalog, load_catalog
from compose2aws.cloudformation import emit
from compose2aws.compose import LoadOptions, load
from compose2aws.compose.project import ComposeError, Project
from compose2aws.inspection import problems
from compose2aws.inspection.compose_calls import calls, neighbours
from compose2aws.planning.planner import plan
from tests.compose.reference import CORPUS, corpus_files, needs_corpus
from tests.connection.corpus import furnish
from tests.golden_cases import cases

TIERS = ("production", "development")
EXAMPLES = Path(__file__).parent.parent / "examples"
SYSTEMS = (
    ("nexiom", "docker-compose.yml", "compose.aws.yaml"),
    ("lambda-lite", "infra/docker-compose.yml"),
    ("sports-analytics", "docker-compose.yml", "compose.aws.yaml"),
    ("edgechat", "docker-compose.yml", "compose.aws.yaml"),
    ("fastapi-db", "docker-compose.yml", "compose.aws.yaml"),
    ("fastapi-db", "docker-compose.prod.yml", "compose.aws.yaml"),
)
# Every eighth file by name is a fair part of them: blueprints, samples and applications, large and small.
SAMPLE = corpus_files()[::8]
ALL = corpus_files()


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def read(folder: Path, *files: str) -> Project:
    options = LoadOptions(files=files, project_name="project", working_directory=str(folder), required_variables="hole")
    return load(options)


def found(project: Project, catalog: Catalog) -> list[str]:
    """What the checker finds in a project's templates; nothing where the project is refused, which has none."""
    problems_found = []
    for tier in TIERS:
        made = plan(project, catalog, tier)
        if not any(decision.outcome == "refused" for decision in made.decisions):
            templates = [stack.template for stack in emit(made).stacks]
            problems_found += [
                f"{tier}: {problem}" for problem in problems(templates, calls(project), neighbours(project))
            ]
    return problems_found


@pytest.mark.parametrize("folder", cases(), ids=lambda folder: folder.name)
def test_golden_cases_hang_together(folder: Path, catalog: Catalog) -> None:
    assert found(read(folder, "compose.yaml"), catalog) == []


@pytest.mark.parametrize("system", SYSTEMS, ids=" ".join)
def test_examples_hang_together(system: tuple[str, ...], catalog: Catalog) -> None:
    name, *files = system
    assert found(read(EXAMPLES / name, *files), catalog) == []


def in_corpus(file: Path, folder: Path, catalog: Catalog) -> list[str]:
    furnished = folder / "plain" / file.name
    shutil.copytree(file.parent, furnished.parent, symlinks=True)
    if (file.parent / "template.toml").is_file():
        with contextlib.suppress(tomllib.TOMLDecodeError):  # one of them is no TOML
            furnished = furnish(file.parent, folder / "furnished")
    try:
        project = read(furnished.parent, furnished.name)
    except ComposeError:
        return []  # a file that it reads is missing
    return found(project, catalog)


def name_of(file: Path) -> str:
    return str(file.relative_to(CORPUS)) if file.is_relative_to(CORPUS) else file.name


@needs_corpus
@pytest.mark.parametrize("file", SAMPLE, ids=name_of)
def test_real_files_hang_together(file: Path, tmp_path: Path, catalog: Catalog) -> None:
    assert in_corpus(file, tmp_path, catalog) == []


@needs_corpus
@pytest.mark.soak
@pytest.mark.parametrize("file", ALL, ids=name_of)
def test_every_real_file_hangs_together(file: Path, tmp_path: Path, catalog: Catalog) -> None:
    assert in_corpus(file, tmp_path, catalog) == []
