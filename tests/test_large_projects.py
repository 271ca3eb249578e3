"""Projects of hundreds of services: every template keeps CloudFormation's limits, and an addition moves nothing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.cloudformation import Templates, emit
from compose2aws.cloudformation.image import repository_name
from compose2aws.cloudformation.limit import overflow
from compose2aws.planning.model import BakeTarget, BuiltImage, named
from tests.cloudformation.plans import bare_plan
from tests.planning.projects import planned


def compose(count: int, databases: int = 0) -> str:
    """So many services, each built from the project and with a volume of its own; the first with databases."""
    lines = ["services:"]
    for number in range(count):
        lines += [f"  s{number}:", "    build: ./app", f"    volumes: ['v{number}:/data']"]
        if number < databases:
            lines += [f"    environment: {{DATABASE_URL: 'postgres://u:p@d{number}/x'}}"]
            lines += [f"  d{number}: {{image: 'postgres:17', environment: {{POSTGRES_PASSWORD: p, POSTGRES_USER: u}}}}"]
    return "\n".join([*lines, "volumes:", *(f"  v{number}:" for number in range(count))])


def templates(folder: Path, count: int, databases: int = 0) -> Templates:
    return emit(planned(folder, compose(count, databases), {"app/Dockerfile": "FROM node\n"}))


def places(made: Templates) -> dict[str, str]:
    """The stack of each resource."""
    return {name: stack.key for stack in made.stacks for name in stack.template["Resources"]}


@pytest.mark.parametrize(("count", "databases"), [(300, 0), (200, 20)])
def test_every_template_of_a_large_project_keeps_the_limits(tmp_path: Path, count: int, databases: int) -> None:
    made = templates(tmp_path, count, databases)
    assert [stack.key for stack in made.stacks if overflow(stack.template)] == []
    kinds = [body["Type"] for stack in made.stacks for body in stack.template["Resources"].values()]
    assert kinds.count("AWS::ECR::Repository") == count
    assert kinds.count("AWS::EFS::AccessPoint") == count
    assert kinds.count("AWS::RDS::DBCluster") == databases


def test_an_addition_moves_nothing_that_lasts(tmp_path: Path) -> None:
    before, after = places(templates(tmp_path, 120)), places(templates(tmp_path, 121))
    lasting = {name for name, stack in before.items() if stack == "base"}
    assert len(lasting) > 120
    assert {after[name] for name in lasting} == {"base"}


def test_what_mounts_a_volume_alone_has_its_access_point_beside_it(tmp_path: Path) -> None:
    made = places(templates(tmp_path, 120))
    assert len({stack for stack in made.values() if stack != "base"}) > 1
    for number in range(120):
        assert made[f"V{number}AccessPoint"] == made[f"S{number}Service"]


def image(service: str) -> BuiltImage:
    return BuiltImage(service, named("x", service, "Image").logical_id, BakeTarget(service, "."), (), ())


LEGAL = re.compile(r"(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*")


@given(
    st.text(min_size=1, max_size=300), st.lists(st.text(min_size=1, max_size=300), min_size=2, max_size=6, unique=True)
)
def test_names_of_repositories_are_legal_and_stay_apart(project: str, services: list[str]) -> None:
    plan = bare_plan(project=project)
    names = [repository_name(plan, image(service)) for service in services]
    assert len(set(names)) == len(services)
    for name in names:
        assert LEGAL.fullmatch(name)
        assert 2 <= len(name) <= 256


def test_a_repository_is_called_by_project_and_service() -> None:
    assert repository_name(bare_plan(), image("api")) == "shop/api"
    assert repository_name(bare_plan(project="my_shop"), image("api")) != repository_name(
        bare_plan(project="my-shop"), image("api")
    )
