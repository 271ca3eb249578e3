"""Compose text in, a plan out: what the tests of this room are written with.

A project is written to a folder of its own (`write`), so that files can stand beside the compose file, and read as the
program reads it. `planned` does both; the further functions look into a plan.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from compose2aws.catalog import Catalog, load_catalog
from compose2aws.compose import LoadOptions, Project, load
from compose2aws.planning.ledger import Decision, Finding, people_path
from compose2aws.planning.model import Balancer, Container, Job, Plan, Service, Task
from compose2aws.planning.planner import plan


@cache
def catalog() -> Catalog:
    return load_catalog()


def write(folder: Path, compose: str, files: Mapping[str, str] | None = None) -> None:
    """Write a compose file and what stands beside it; a name that ends in `/` is an empty folder."""
    (folder / "compose.yaml").write_text(textwrap.dedent(compose))
    for name, content in (files or {}).items():
        path = folder / name
        if name.endswith("/"):
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)


def read(
    folder: Path,
    compose: str,
    files: Mapping[str, str] | None = None,
    environment: Mapping[str, str] | None = None,
    profiles: tuple[str, ...] = (),
) -> Project:
    """The project `test` in `folder`; it sees only the environment that is given."""
    write(folder, compose, files)
    return load(
        LoadOptions(
            files=("compose.yaml",),
            project_name="test",
            working_directory=str(folder),
            environment=environment or {},
            profiles=profiles,
            required_variables="hole",
        )
    )


def planned(
    folder: Path,
    compose: str,
    files: Mapping[str, str] | None = None,
    *,
    tier: str | None = None,
    environment: Mapping[str, str] | None = None,
    profiles: tuple[str, ...] = (),
) -> Plan:
    """The plan of a project."""
    return plan(read(folder, compose, files, environment, profiles), catalog(), tier)


def decision(made: Plan, path: str) -> Decision:
    """The decision on a path as people write it (`services.api.ports[0]`)."""
    found = [d for d in made.decisions if people_path(d.path) == path]
    assert found, f"nothing is decided on {path}; on {[people_path(d.path) for d in made.decisions]}"
    return found[0]


def outcome(made: Plan, path: str) -> str:
    return decision(made, path).outcome


def becomes(made: Plan, path: str) -> set[str]:
    """The logical ids that a path became."""
    return {id_.logical_id for id_ in decision(made, path).becomes}


def findings(made: Plan, code: str) -> list[Finding]:
    return [finding for finding in made.findings if finding.code == code]


def finding(made: Plan, code: str) -> Finding:
    """The one finding of that code."""
    found = findings(made, code)
    assert len(found) == 1, f"{code}: {found or [f.code for f in made.findings]}"
    return found[0]


def codes(made: Plan) -> set[str]:
    return {finding.code for finding in made.findings}


def refused(made: Plan) -> dict[str, str]:
    """What is refused: path → code."""
    return {people_path(d.path): d.code for d in made.decisions if d.outcome == "refused"}


def service(made: Plan, name: str) -> Service:
    found = next((w for w in made.workloads if w.name == name), None)
    assert isinstance(found, Service), f"{name} is {found}"
    return found


def job(made: Plan, name: str) -> Job:
    found = next((w for w in made.workloads if w.name == name), None)
    assert isinstance(found, Job), f"{name} is {found}"
    return found


def task(made: Plan, name: str) -> Task:
    return next(w for w in made.workloads if w.name == name).task


def container(made: Plan, name: str) -> Container:
    """The container of that name, whichever task it is in."""
    return next(c for w in made.workloads for c in w.task.containers if c.name == name)


def balancer(made: Plan, kind: str = "application") -> Balancer:
    return next(b for b in made.balancers if b.kind == kind)
