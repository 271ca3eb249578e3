"""The cases of `compose2aws diff`: two compose files, and what would change between them, side by side for a person to
read. `make golden` rewrites the expected files; a reviewer reads the difference.

`before.yaml` (missing: nothing is deployed) and `after.yaml`; `before.env` and `after.env` are the environments;
`parameters.yaml` says what a deployment gives beside them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from compose2aws.catalog import load_catalog
from compose2aws.cloudformation import Templates, emit
from compose2aws.compose import LoadOptions, load
from compose2aws.delivery.difference import StackDifference, compare
from compose2aws.planning.planner import plan
from compose2aws.report.canonical import as_json
from compose2aws.report.difference import difference_text
from compose2aws.report.difference_json import difference_data
from compose2aws.report.difference_markdown import difference_markdown

CASES = Path(__file__).parent / "golden_diff"
PROJECT = "shop"


@dataclass(frozen=True)
class Side:
    """One of the two: its templates and the value of every parameter that has one."""

    templates: Templates
    parameters: dict[str, str]


def cases() -> list[Path]:
    """The folders of the cases, by name."""
    return sorted(folder for folder in CASES.iterdir() if (folder / "after.yaml").is_file())


def read_side(folder: Path, name: str) -> Side | None:
    """`before` or `after` of a case."""
    file = folder / f"{name}.yaml"
    if not file.is_file():
        return None
    environment = folder / f"{name}.env"
    options = LoadOptions(
        files=(file.name,),
        project_name=PROJECT,
        working_directory=str(folder),
        env_files=(environment.name,) if environment.is_file() else (),
        required_variables="hole",
    )
    made = plan(load(options), load_catalog(), None)
    templates = emit(made)
    known = folder / "parameters.yaml"
    given: dict[str, Any] = (yaml.safe_load(known.read_text()) if known.is_file() else {}).get(name, {})
    parameters = {
        one.name: value
        for stack in templates.stacks
        for one in stack.parameters
        if (value := given.get(one.name, one.value if one.value is not None else one.default)) is not None
    }
    return Side(templates, parameters)


def differences(folder: Path) -> tuple[StackDifference, ...]:
    """What would change in each stack of a case."""
    before, after = read_side(folder, "before"), read_side(folder, "after")
    assert after is not None
    old = {stack.name: stack.template for stack in before.templates.stacks} if before else {}
    new = {stack.name: stack.template for stack in after.templates.stacks}
    return tuple(
        compare(
            old.get(name),
            new.get(name),
            name=name,
            status="UPDATE_COMPLETE" if name in old else None,
            before_parameters=before.parameters if before else {},
            after_parameters=after.parameters,
        )
        for name in dict.fromkeys((*new, *old))
    )


def produce(folder: Path) -> dict[str, str]:
    """The files that are expected beside the two compose files."""
    found = differences(folder)
    return {
        "diff.txt": difference_text(found) + "\n",
        "diff.md": difference_markdown(found, PROJECT),
        "diff.json": as_json(difference_data(found)),
    }


def main() -> None:
    for folder in cases():
        for name, content in produce(folder).items():
            (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
