"""What the source calls of AWS is what `mappings/delivery-permissions.yaml` says that the commands call."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import boto3
import pytest
from botocore import xform_name

import compose2aws.delivery
from compose2aws.catalog.catalog import read_table

_ROOM = Path(compose2aws.delivery.__file__).parent
_PACKAGE = "compose2aws.delivery"
_PREFIXES = {
    "cloudcontrol": "cloudformation",
    "docdb": "rds",
    "elbv2": "elasticloadbalancing",
    "opensearch": "es",
    "service-quotas": "servicequotas",
}
"""What actions begin with, where it is not the client's name."""

_ACTIONS = {
    "s3:HeadBucket": "s3:ListBucket",
    "s3:PutPublicAccessBlock": "s3:PutBucketPublicAccessBlock",
    "s3:PutBucketLifecycleConfiguration": "s3:PutLifecycleConfiguration",
}
"""(Amazon S3 User Guide, "Required permissions for Amazon S3 API operations")"""

_FREE = {"sts:GetCallerIdentity", "iam:GetRole", "iam:SimulatePrincipalPolicy"}
"""Asked for nothing, or only to warn."""

_BEGINNINGS = {
    "deployment": (
        ["deployment", "checks.running", "image_builder"],
        ["difference", "known-images", "deployment", "images"],
    ),
    "difference": (
        ["difference.against_account", "difference.against_files", "image_builder"],
        ["difference", "known-images"],
    ),
    "destruction": (["destruction"], ["difference", "deployment", "destruction"]),
    "operation": (
        ["status", "task_log", "exec_session", "one_off_task", "tunnel", "stack_outputs"],
        ["difference", "operation"],
    ),
}
"""By command: the modules that it begins in, and the parts of the table that are its own."""

_LATER = {
    ("protection", "release"): "destruction",
    ("hosted_zone", "holds"): "deployment",
    # `diff --change-set` makes change sets: it is not for the role that only compares.
    ("change_set", None): "deployment",
    ("artefact", None): "deployment",
    ("difference.change_set", None): "deployment",
    ("protection", None): "deployment",
    ("images.registry", "login"): "deployment",
}
"""Functions, and whole modules, that other commands import too and only these reach."""


@cache
def _services() -> frozenset[str]:
    return frozenset(boto3.Session().get_available_services())


@cache
def _operations(service: str) -> dict[str, str]:
    """The names of operations (`DescribeStacks`) by those of a client's methods."""
    model = boto3.Session(region_name="us-east-1")._session.get_service_model(service)
    return {xform_name(name): name for name in model.operation_names}


def _file(module: str) -> Path:
    path = _ROOM.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def _tree(module: str) -> ast.Module:
    return ast.parse(_file(module).read_text(encoding="utf-8"))


def _imported(module: str) -> Iterator[str]:
    for node in ast.walk(_tree(module)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(_PACKAGE):
            beginning = (node.module or "").removeprefix(_PACKAGE).lstrip(".")
            for alias in node.names:
                whole = f"{beginning}.{alias.name}".lstrip(".")
                yield whole if _file(whole).exists() else beginning


def _reached(beginnings: Iterable[str]) -> set[str]:
    found: set[str] = set()
    waiting = list(beginnings)
    while waiting:
        module = waiting.pop()
        if module and module not in found:
            found.add(module)
            waiting += _imported(module)
    return found


def _called(tree: ast.AST, services: Iterable[str]) -> set[str]:
    """The actions of the operations that are named in a piece of source: as a method, or as a text that becomes one."""
    words = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    words |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    found = set()
    for service in services:
        for word in words & _operations(service).keys():
            action = f"{_PREFIXES.get(service, service)}:{_operations(service)[word]}"
            found.add(_ACTIONS.get(action, action))
    return found


def _clients(tree: ast.AST) -> set[str]:
    """The services whose clients a module makes: the text in `client("…")`, or in a tuple that names a call of it."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "client":
            texts: list[ast.expr] = node.args[:1]
        elif isinstance(node, ast.Tuple | ast.IfExp | ast.Dict):
            texts = [one for one in ast.walk(node) if isinstance(one, ast.Constant)]
        else:
            continue
        found |= {one.value for one in texts if isinstance(one, ast.Constant) and one.value in _services()}
    return found


def calls(module: str) -> dict[str | None, set[str]]:
    """The actions that a module calls, by the function where that stands apart."""
    tree = _tree(module)
    services = _clients(tree)
    apart = {name for of, name in _LATER if of == module and name is not None}
    found: dict[str | None, set[str]] = {None: set()}
    for node in tree.body:
        name = node.name if isinstance(node, ast.FunctionDef) and node.name in apart else None
        if name is None and apart and isinstance(node, ast.Assign | ast.AnnAssign) and _used_only_by(tree, node, apart):
            name = next(iter(apart))
        found.setdefault(name, set()).update(_called(node, services))
    if module == "checks.quota":
        used = [row["used"] for row in read_table("quotas")["quotas"] if "used" in row]
        for service, operation, _ in used:
            found[None] |= _called(ast.Constant(operation), [service])
    return found


def _used_only_by(tree: ast.Module, assigned: ast.Assign | ast.AnnAssign, functions: set[str]) -> bool:
    target = assigned.targets[0] if isinstance(assigned, ast.Assign) else assigned.target
    users = {
        node.name if isinstance(node, ast.FunctionDef) else ""
        for node in tree.body
        if node is not assigned
        and any(isinstance(one, ast.Name) and one.id == getattr(target, "id", "") for one in ast.walk(node))
    }
    return bool(users) and users <= functions


def _wanted(command: str) -> set[str]:
    beginnings, parts = _BEGINNINGS[command]
    found = set()
    for module in _reached(beginnings):
        for name, actions in calls(module).items():
            if _LATER.get((module, name), command) in (command, *parts):
                found |= actions
    return found - _FREE


def _listed(*parts: str) -> set[str]:
    commands = read_table("delivery-permissions")["commands"]
    return {action for part in parts for row in commands[part] for action in row["actions"]}


@pytest.mark.parametrize("command", _BEGINNINGS)
def test_each_call_of_a_command_is_among_its_actions(command: str) -> None:
    assert sorted(_wanted(command) - _listed(*_BEGINNINGS[command][1])) == []


def test_the_walk_finds_calls_however_they_are_written() -> None:
    """A method, a paginator's name, a name in a table, a branch, a method of a client that was handed on."""
    found = _wanted("deployment")
    assert {
        "cloudformation:DescribeStacks",
        "cloudformation:ContinueUpdateRollback",
        "elasticache:CreateSnapshot",
        "elasticache:DescribeCacheEngineVersions",
        "s3:CreateBucket",
        "ec2:DescribeNatGateways",
        "route53:ListHostedZones",
    } <= found
    assert "rds:ModifyDBCluster" not in found
    assert {"rds:ModifyDBCluster", "rds:ModifyDBInstance", "elasticache:DescribeSnapshots"} <= _wanted("destruction")


def test_every_module_that_makes_a_client_is_reached_by_a_command() -> None:
    reached = set().union(*(_reached(beginnings) for beginnings, _ in _BEGINNINGS.values()))
    modules = {
        ".".join(path.relative_to(_ROOM).with_suffix("").parts).removesuffix(".__init__")
        for path in _ROOM.rglob("*.py")
    }
    calling = {module for module in modules if module != "__init__" and any(calls(module).values())}
    assert calling - reached - {"account", "checks.derive_actions"} == set()
