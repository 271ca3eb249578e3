"""Counts of what becomes of references in real compose files, for `docs/connections.md`.

`python -m tests.connection.counting` reads every compose file of the corpus and prints the counts; with `--show` also
each value that was rewritten, as the ledger tells it.
"""

from __future__ import annotations

import contextlib
import re
import shutil
import sys
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from compose2aws.catalog import load_catalog
from compose2aws.compose import LoadOptions, load
from compose2aws.compose.project import ComposeError, Project
from compose2aws.planning import planner
from compose2aws.planning.ledger import people_path
from compose2aws.planning.model import Plan
from compose2aws.planning.values import Values, plan_values
from tests.compose.reference import CORPUS, corpus_files
from tests.connection.corpus import furnish

TOLD = (
    "database-without-client",
    "login-in-file",
    "address-in-file",
    "tls-not-told",
    "cache-without-login",
    "host-unknown",
    "not-offered",
)
_ATTEMPTS = 3


@dataclass(frozen=True)
class Counted:
    """One file's plan, its containers' values, and the names of the services that moved."""

    file: Path
    plan: Plan
    values: Values
    moved: frozenset[str]


def counted(files: list[Path]) -> Iterator[Counted | None]:
    """Each file as it is planned, in a copy of its folder; None where it does not load."""
    catalog = load_catalog()
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            project = _loaded(file, Path(folder))
            if project is None:
                yield None
                continue
            made: list[Values] = []
            with mock.patch.object(planner, "plan_values") as stage:
                stage.side_effect = lambda *given, made=made: made.append(plan_values(*given)) or made[-1]
                plan = planner.plan(project, catalog)
                yield Counted(file, plan, made[0], frozenset(stage.call_args.args[3]))


def _loaded(file: Path, folder: Path) -> Project | None:
    """The project, with the variables and files that its platform would give it, and empty files for env files that
    its authors keep to themselves."""
    furnished = folder / "plain" / file.name
    shutil.copytree(file.parent, furnished.parent, symlinks=True)
    if (file.parent / "template.toml").is_file():
        with contextlib.suppress(tomllib.TOMLDecodeError):
            furnished = furnish(file.parent, folder / "furnished")
    for _ in range(_ATTEMPTS):
        try:
            return load(
                LoadOptions(
                    files=(furnished.name,),
                    project_name="project",
                    working_directory=str(furnished.parent),
                    required_variables="hole",
                )
            )
        except ComposeError as error:
            missing = re.findall(r"there is no env file ([^\s;]+)", str(error))
            for name in missing:
                (furnished.parent / name).parent.mkdir(parents=True, exist_ok=True)
                (furnished.parent / name).touch()
            if not missing:
                return None
    return None


def counts(of: Counted) -> Counter[str]:
    """The counts of one file, under the names of the page's table."""
    found: Counter[str] = Counter()
    references = {(name, r) for name, values in of.values.by_service.items() for r in values.references}
    found["references found"] = len(references)
    found["references to services that moved"] = sum(r.service in of.moved for _, r in references)
    for decision in of.plan.decisions:
        section = decision.path[2] if len(decision.path) > 2 else ""
        if section == "environment":
            found["variables rewritten"] += decision.code == "connection"
            found["unset variables that became parameters"] += decision.code == "unset-variable"
        elif section in ("command", "entrypoint"):
            found["commands rewritten"] += decision.code == "connection" and decision.outcome == "adapted"
            found["commands refused"] += decision.outcome == "refused"
    for values in of.values.by_service.values():
        found["variables that reach the container as a secret"] += sum(v.secret is not None for v in values.environment)
    for finding in of.plan.findings:
        if finding.code in TOLD:
            found[f"findings {finding.code}"] += 1
    return found


def lines(show: bool) -> Iterator[str]:
    """What is printed: what was rewritten and told, where that is wanted, and the counts."""
    total: Counter[str] = Counter()
    for one in counted(corpus_files()):
        total["files" if one else "files that do not load"] += 1
        if one is None:
            continue
        total += counts(one)
        name = one.file.relative_to(CORPUS)
        for decision in one.plan.decisions if show else ():
            if decision.code == "connection":
                yield f"{name}: {people_path(decision.path)}: {decision.reason}"
        for finding in one.plan.findings if show else ():
            if finding.code in TOLD:
                yield f"{name}: {finding.code}: {finding.message}"
    yield from (f"{number:5} {name}" for name, number in total.items())


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in lines("--show" in sys.argv))
