"""The tables of what updates do: as fresh as cfn-lint's schemas, and about what we emit."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from compose2aws.catalog.catalog import read_table
from compose2aws.cloudformation.lifecycle import policies
from tests.golden_cases import cases

pytest.importorskip("cfnlint", reason="the schemas come with cfn-lint")
pytest.importorskip("moto", reason="the schemas are read by the rehearsal")

from compose2aws.delivery.difference.behaviour import behaviour
from compose2aws.delivery.difference.derive_updates import emitted_types, table
from compose2aws.rehearsal.schema import schema_of

EFFECTS: dict[str, Any] = read_table("update-effects")


def test_the_derived_table_is_what_the_schemas_say() -> None:
    packaged = read_table("update-replacement")
    made = table()
    assert packaged["types"] == made["types"], "run `make versions`"
    assert packaged["source"] == made["source"], "run `make versions`"
    assert packaged["date"]


def test_every_type_of_the_golden_templates_is_known() -> None:
    types = {
        resource["Type"]
        for folder in cases()
        for file in folder.glob("*.template.yaml")
        for resource in yaml.safe_load(file.read_text())["Resources"].values()
    }
    assert types <= set(emitted_types())


@pytest.mark.parametrize("section", ["unordered", "attributes", "properties", "replaced"])
def test_what_is_known_by_hand_is_about_types_that_are_emitted(section: str) -> None:
    assert set(EFFECTS[section]) <= set(emitted_types())


def test_what_is_known_by_hand_is_about_properties_that_exist() -> None:
    for kind, rows in [*EFFECTS["properties"].items(), *EFFECTS["unordered"].items()]:
        schema = schema_of(kind)
        assert schema is not None
        if kind == "AWS::CloudFormation::CustomResource":
            continue  # its properties are the function's own
        tops = {path.partition("/")[0] for path in rows} - {"*"}
        assert tops <= schema.properties, kind


def test_rules_have_effects_and_replacements_that_exist() -> None:
    for kind, rows in EFFECTS["properties"].items():
        for path, row in rows.items():
            assert set(row) <= {"word", "effect", "replacement", "unless", "note"}, (kind, path)
            assert row.get("effect", "none") in ("none", "tasks", "interruption"), (kind, path)
            assert row.get("replacement", "never") in ("never", "conditional", "always"), (kind, path)


def test_no_rule_by_hand_says_that_what_the_schema_replaces_changes_in_place() -> None:
    for kind, rows in EFFECTS["properties"].items():
        schema = schema_of(kind)
        assert schema is not None
        for path, row in rows.items():
            if row.get("replacement") in ("never", "conditional"):
                assert path.replace("/", ".") not in schema.create_only, (kind, path)


def test_every_type_that_holds_data_interrupts_when_it_is_replaced() -> None:
    for kind in emitted_types():
        kept = policies("It", {"Type": kind, "Properties": {}}).get("DeletionPolicy", "Delete") != "Delete"
        if kept and kind not in ("AWS::KMS::Key", "AWS::S3::Bucket"):
            assert behaviour(kind).replaced.effect == "interruption", kind
