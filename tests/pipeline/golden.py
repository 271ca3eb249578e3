"""The CI files of the examples, as a person reads them. `python -m tests.pipeline.golden` rewrites them."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from compose2aws.catalog import Catalog, load_catalog
from compose2aws.cloudformation import Templates, emit
from compose2aws.compose import LoadOptions, Project, load
from compose2aws.pipeline.description import images_of, resources_of, variables_of
from compose2aws.pipeline.files import Delivery, pipeline_files
from compose2aws.pipeline.model import Pipeline, System
from compose2aws.planning.model import Plan
from compose2aws.planning.planner import plan

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = Path(__file__).parent.parent.parent / "examples"
# example: its folder, the files that are given
PROJECTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "nexiom": ("nexiom", ()),
    "lambda-lite": ("lambda-lite/infra", ("docker-compose.yml",)),
    "sports-analytics": ("sports-analytics", ()),
    "edgechat": ("edgechat", ()),
    "fastapi-db": ("fastapi-db", ("docker-compose.prod.yml", "compose.aws.yaml")),
}
SYSTEMS: tuple[System, ...] = ("github", "gitlab", "codepipeline")
DELIVERY = Delivery(repository="acme/app", region="eu-central-1")


@functools.cache
def _catalog() -> Catalog:
    return load_catalog()


def read(folder: Path, *files: str) -> tuple[Project, Plan, Templates] | None:
    """None for a project that is refused."""
    project = load(LoadOptions(files=files, working_directory=str(folder), required_variables="hole"))
    made = plan(project, _catalog())
    if any(decision.outcome == "refused" for decision in made.decisions):
        return None
    return project, made, emit(made)


def templates_of(folder: Path, *files: str) -> list[dict[str, Any]]:
    found = read(folder, *files)
    assert found is not None
    return [dict(stack.template) for stack in found[2].stacks]


def pipeline_of(folder: Path, *files: str) -> Pipeline | None:
    """What the files of a project are made of; None for a project that is refused."""
    found = read(folder, *files)
    if found is None:
        return None
    project, made, templates = found
    return Pipeline(
        project=made.project,
        stacks=tuple(stack.name for stack in templates.stacks),
        options=(),
        directory=".",
        branch="main",
        environment="production",
        version="1.0",
        resources=resources_of(stack.template for stack in templates.stacks),
        variables=variables_of(made, project),
        images=images_of(made),
    )


def produce(example: str, system: System) -> dict[str, str]:
    """The files of an example by their places, a hidden one without its dot: what is for CI, and what is to be done."""
    folder, files = PROJECTS[example]
    found = read(EXAMPLES / folder, *files)
    assert found is not None
    options = tuple(word for file in files for word in ("--file", file))
    directory = Path(folder).relative_to(example).as_posix()
    output = pipeline_files(system, *found, DELIVERY, options, directory)
    made = {name.rpartition("/")[2].removeprefix("."): text for name, text in output.files.items()}
    if system == "gitlab":  # its roles are GitHub's but for who may take them
        made = {name: text for name, text in made.items() if not name.endswith("-deploy-role.template.yaml")}
    return {**made, "next-steps.txt": output.next_steps + "\n"}


def main() -> None:
    for example in PROJECTS:
        for system in SYSTEMS:
            folder = GOLDEN / example / system
            folder.mkdir(parents=True, exist_ok=True)
            for name, text in produce(example, system).items():
                (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
