"""A project moves from one tier to the other in place: nothing that holds data goes, comes anew or is replaced."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("cfnlint", reason="CloudFormation's schemas come with cfn-lint")

from compose2aws.cloudformation import emit
from compose2aws.rehearsal.schema import schema_of
from tests.golden_cases import cases, read_plan

TIERS = ("production", "development")
# What is kept when it is deleted, or leaves a snapshot behind, holds something.
KEPT = ("Snapshot", "Retain", "RetainExceptOnCreate")
# The schema says that they replace in some cases: not in ours, which are from one to fourteen days of backups, to and
# from two zones, and insights switched on with a key or off. CloudFormation template reference, "AWS::RDS::DBInstance".
IN_PLACE = {"AWS::RDS::DBInstance": {"BackupRetentionPeriod", "MultiAZ", "PerformanceInsightsKMSKeyId"}}


def kept(folder: Path, tier: str) -> dict[str, dict[str, Any]]:
    """What holds data in a case, by its logical id."""
    made = read_plan(folder, tier)
    if any(decision.outcome == "refused" for decision in made.decisions):
        pytest.skip("refused: there is no template")
    resources = {name: r for stack in emit(made).stacks for name, r in stack.template["Resources"].items()}
    return {name: r for name, r in resources.items() if r.get("UpdateReplacePolicy") in KEPT}


def unchangeable(resource: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The properties of a resource that cannot change in place, with their values; None where one is not set."""
    schema = schema_of(resource["Type"])
    assert schema, f"{resource['Type']} has no schema"
    for path in sorted((schema.create_only | schema.conditional_create_only) - IN_PLACE.get(resource["Type"], set())):
        value: Any = resource.get("Properties", {})
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        yield path, value


@pytest.mark.parametrize("folder", cases(), ids=lambda folder: folder.name)
def test_what_holds_data_changes_its_tier_in_place(folder: Path) -> None:
    production, development = (kept(folder, tier) for tier in TIERS)
    assert production.keys() & development.keys(), "nothing holds data, not even the key"
    for name in production.keys() & development.keys():
        assert production[name]["Type"] == development[name]["Type"]
        assert dict(unchangeable(production[name])) == dict(unchangeable(development[name])), name


@pytest.mark.parametrize("folder", cases(), ids=lambda folder: folder.name)
def test_only_logs_are_kept_in_one_tier_alone(folder: Path) -> None:
    production, development = (kept(folder, tier) for tier in TIERS)
    alone = {**production, **development}
    for name in production.keys() ^ development.keys():
        assert alone[name]["Type"] == "AWS::S3::Bucket", f"{name} is there in one tier alone"
