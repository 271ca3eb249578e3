"""The schema that editors have: what the program takes is right in it, and mistakes are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest

from compose2aws.catalog.editor_schema import editor_schema
from compose2aws.compose.decoding import decode
from compose2aws.compose.journal import Journal
from compose2aws.compose.node import plain

ROOT = Path(__file__).parents[2]
SCHEMA = editor_schema()
VALIDATOR = jsonschema_rs.Draft7Validator(SCHEMA)


def with_settings() -> Iterator[Path]:
    """Every compose file of the repository that has settings."""
    for folder in ("examples", "tests/golden"):
        for file in sorted((ROOT / folder).glob("**/*compose*.y*ml")):
            if "x-aws" in file.read_text(encoding="utf-8"):
                yield file


@pytest.mark.parametrize("file", list(with_settings()), ids=lambda file: str(file.relative_to(ROOT)))
def test_a_file_that_the_program_takes_is_right(file: Path) -> None:
    for document in decode(file.read_text(encoding="utf-8"), file.name, Journal()):
        assert [error.message for error in VALIDATOR.iter_errors(plain(document.root))] == []


def test_there_are_files_with_settings_of_both_kinds() -> None:
    files = list(with_settings())
    assert any("x-aws:\n  tier" in file.read_text(encoding="utf-8") for file in files)
    assert len(files) > 10


@pytest.mark.parametrize(
    "settings",
    [
        {"domian": "example.com"},
        {"tier": "staging"},
        {"domain": "https://example.com"},
        {"vpc": {"id": "vpc-1", "public-subnets": ["subnet-1", "subnet-2"]}},
        {"vpc": {"id": "vpc-1", "public-subnets": ["subnet-1"], "private-subnets": ["subnet-2", "subnet-3"]}},
        {"restore": {"db": 1}},
        {"patches": [{"stack": "base", "op": "increase", "path": "/Resources"}]},
    ],
    ids=str,
)
def test_a_mistake_at_the_top_is_shown(settings: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({"services": {}, "x-aws": settings})


@pytest.mark.parametrize(
    "settings",
    [
        {"pubic": True},
        {"public": "yes"},
        {"priority": 0},
        {"protocol": "https"},
        {"was": "not a name"},
        {"autoscale": {"min": 1}},
        {"autoscale": {"max": 4, "cpus": 50}},
        {"policies": [{"Effect": "Allow", "Action": "s3:*"}]},
        {"tier": "production"},
    ],
    ids=str,
)
def test_a_mistake_in_a_service_is_shown(settings: dict[str, Any]) -> None:
    assert not VALIDATOR.is_valid({"services": {"api": {"image": "a", "x-aws": settings}}})


def test_everything_but_the_settings_is_free() -> None:
    anything = {"services": {"api": {"image": 1, "x-other": [], "unknown": {}}}, "x-mine": 1, "volumes": None}
    assert VALIDATOR.is_valid(anything)
    assert VALIDATOR.is_valid({"services": None, "x-aws": None})
    assert VALIDATOR.is_valid({"services": {"api": None, "web": {"x-aws": None}}})


@pytest.mark.parametrize("text", ["${DOMAIN}", "$DOMAIN", "shop.${DOMAIN:-example.com}"])
def test_a_variable_may_stand_where_a_text_of_some_form_does(text: str) -> None:
    assert VALIDATOR.is_valid({"x-aws": {"domain": text, "tier": text}})
    assert VALIDATOR.is_valid({"services": {"api": {"x-aws": {"host": text, "protocol": text}}}})


def properties(schema: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of the settings with its place."""
    for part in (schema, *schema.get("anyOf", ())):
        for name, below in part.get("properties", {}).items():
            yield f"{place}/{name}", below
            yield from properties(below, f"{place}/{name}")
        for key in ("items", "additionalProperties"):
            if isinstance(part.get(key), dict):
                yield from properties(part[key], f"{place}/*")


PROPERTIES = [(place, part) for place, part in properties(SCHEMA) if "/x-aws/" in place or place.endswith("/x-aws")]


def test_the_editor_tells_of_every_setting() -> None:
    assert [place for place, part in PROPERTIES if len(part.get("description", "")) < 10] == []
    assert {"/x-aws/vpc/id", "/x-aws/patches/*/op", "/services/*/x-aws/was"} <= {place for place, _ in PROPERTIES}


def test_what_the_editor_offers_is_right() -> None:
    offered = [(place, part, value) for place, part in PROPERTIES for value in part.get("examples", ())]
    offered += [(place, part, part["default"]) for place, part in PROPERTIES if "default" in part]
    wrong = [place for place, part, value in offered if not jsonschema_rs.Draft7Validator(part).is_valid(value)]
    assert wrong == []
    assert len(offered) > 20


def test_it_is_a_schema_of_draft_7_and_refers_to_nothing() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"
    assert "$ref" not in str(SCHEMA)
