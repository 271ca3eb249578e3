"""The checker at work on what we make: of a golden case's templates one thing is taken away, and it must be noticed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from compose2aws.catalog import load_catalog
from compose2aws.cloudformation import emit
from compose2aws.inspection import problems
from compose2aws.inspection.compose_calls import calls, neighbours
from compose2aws.planning.planner import plan
from tests.golden_cases import cases, read_project

Body: TypeAlias = dict[str, Any]
Mutation: TypeAlias = Callable[[Body], object]
"""What is done to the resources of one template."""

RUNS = "AWS::ECS::TaskDefinition"
KEEPING = ("Snapshot", "Retain", "RetainExceptOnCreate")
NEEDED = {
    "secretsmanager:GetSecretValue",
    "ecr:BatchGetImage",
    "logs:PutLogEvents",
    "elasticfilesystem:ClientMount",
}
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"


def mutations(resources: Body) -> Iterator[tuple[str, Mutation]]:
    """What can be taken away, each with its name."""
    roles = dict(_roles_of_tasks(resources))
    for name, body in resources.items():
        kind, properties = body["Type"], body.get("Properties", {})
        if kind == "AWS::EC2::SecurityGroupIngress" and not _is_among_members(properties, resources):
            yield f"without the rule {name}", partial(_remove, name)
        if kind in ("AWS::Logs::LogGroup", "AWS::SecretsManager::Secret") and _is_used(name, resources):
            yield f"without {name}", partial(_remove, name)
        for key in ("DeletionPolicy", "UpdateReplacePolicy"):
            if body.get(key) in KEEPING:
                yield f"{name} without {key}", partial(_remove_key, name, key)
        for index, statement in enumerate(_statements(body) if name in roles else ()):
            actions = NEEDED.intersection(statement.get("Action", ()))
            if actions and ("logs:PutLogEvents" not in actions or _logs_to_amazon(roles[name])):
                yield f"{name} without {min(actions)}", partial(_remove_statement, name, index)
        if kind == "AWS::ECS::Service":
            for index in range(len(properties.get("LoadBalancers", []))):
                yield f"{name} on another port", partial(_move_port, name, index)
            if "NetworkConfiguration" in properties:
                yield f"{name} without groups", partial(_remove_groups, name)
        if kind == "AWS::IAM::Role":
            yield f"{name} may do all", partial(_set, name, ManagedPolicyArns=[ADMINISTRATOR])
        if kind == RUNS and properties["RequiresCompatibilities"] == ["FARGATE"]:
            yield f"{name} of an odd size", partial(_set, name, Cpu="1", Memory="7")


def _roles_of_tasks(resources: Body) -> Iterator[tuple[str, Body]]:
    for body in resources.values():
        for key in ("ExecutionRoleArn", "TaskRoleArn") if body["Type"] == RUNS else ():
            yield body["Properties"][key]["Fn::GetAtt"][0], body["Properties"]


def _is_among_members(rule: Body, resources: Body) -> bool:
    """Whether a rule lets a group's members speak to each other, of whom not everybody listens; or it leads to a
    broker's console, for those who know of it."""
    brokers = [r["Properties"]["SecurityGroups"] for r in resources.values() if r["Type"] == "AWS::AmazonMQ::Broker"]
    console = rule.get("ToPort") == 443 and any(rule["GroupId"] in groups for groups in brokers)
    return rule["GroupId"] == rule.get("SourceSecurityGroupId") or console


def _is_used(name: str, resources: Body) -> bool:
    """Whether a task definition names it."""
    return any(f'"{name}"' in json.dumps(body) for body in resources.values() if body["Type"] == RUNS)


def _logs_to_amazon(task: Body) -> bool:
    return any(c["LogConfiguration"]["LogDriver"] == "awslogs" for c in task["ContainerDefinitions"])


def _statements(body: Body) -> list[Body]:
    policies = body.get("Properties", {}).get("Policies", [])
    found: list[Body] = policies[0]["PolicyDocument"]["Statement"] if policies else []
    return found


def _remove(name: str, resources: Body) -> None:
    del resources[name]


def _remove_key(name: str, key: str, resources: Body) -> None:
    del resources[name][key]


def _remove_statement(name: str, index: int, resources: Body) -> None:
    del _statements(resources[name])[index]


def _remove_groups(name: str, resources: Body) -> None:
    resources[name]["Properties"]["NetworkConfiguration"]["AwsvpcConfiguration"]["SecurityGroups"] = []


def _move_port(name: str, index: int, resources: Body) -> None:
    resources[name]["Properties"]["LoadBalancers"][index]["ContainerPort"] = 9


def _set(name: str, resources: Body, **properties: Any) -> None:
    resources[name]["Properties"] |= properties


def unnoticed(folder: Path) -> list[str]:
    """The mutations of a case that the checker says nothing of."""
    project = read_project(folder)
    decided = plan(project, load_catalog(), "production")
    if any(decision.outcome == "refused" for decision in decided.decisions):
        pytest.skip("refused: there is no template")
    templates = [stack.template for stack in emit(decided).stacks]
    called, beside = calls(project), neighbours(project)
    assert problems(templates, called, beside) == []
    found = []
    for index, template in enumerate(templates):
        text = json.dumps(template)
        for what, mutate in mutations(template["Resources"]):
            broken = [*templates]
            broken[index] = json.loads(text)
            mutate(broken[index]["Resources"])
            if not problems(broken, called, beside):
                found.append(what)
    return found


# Each takes a second; a few say it of every change, all of them where there is time.
SOME, OTHERS = cases()[::6], [folder for index, folder in enumerate(cases()) if index % 6]


@pytest.mark.parametrize("folder", SOME, ids=lambda folder: folder.name)
def test_what_is_taken_from_a_golden_case_is_missed(folder: Path) -> None:
    assert unnoticed(folder) == []


@pytest.mark.soak
@pytest.mark.parametrize("folder", OTHERS, ids=lambda folder: folder.name)
def test_what_is_taken_from_any_golden_case_is_missed(folder: Path) -> None:
    assert unnoticed(folder) == []
