"""YAML that readers of YAML 1.1 and of YAML 1.2 take for the same value."""

from __future__ import annotations

import json

import pytest
import yaml

from compose2aws.report.canonical import as_compose_file, as_json

WORDS = ["yes", "off", "22:22", "1e3", "0o17", "0x1F", "1_000", "010", ".5", "1.", "null", "~", "2001-01-01", "=", ""]
WORDS += [
    ".inf",
    "-.inf",
    ".nan",
    "+1",
    "1.5e-3",
    "<<",
    "a: b",
    "# no",
    "multi\nline\n",
    " spaces ",
    "tab\there",
    "ä",
    "\x1b",
]


@pytest.mark.parametrize("word", WORDS)
def test_a_string_stays_a_string(word: str) -> None:
    assert yaml.safe_load(as_compose_file({"k": word, "l": [word]})) == {"k": word, "l": [word]}


@pytest.mark.parametrize("word", ["1e3", "0o17", ".5", "1.", "0x1F", "010", "+1", ".inf"])
def test_what_yaml_1_2_takes_for_a_number_is_quoted(word: str) -> None:
    assert as_compose_file({"k": word}) == f"k: '{word}'\n"


def test_the_order_is_kept_and_nothing_is_an_alias() -> None:
    shared = {"z": 1, "a": [True, None, 2.5]}
    text = as_compose_file({"second": shared, "first": shared})
    assert (
        text
        == "second:\n  z: 1\n  a:\n  - true\n  - null\n  - 2.5\nfirst:\n  z: 1\n  a:\n  - true\n  - null\n  - 2.5\n"
    )
    assert json.loads(as_json({"second": shared})) == {"second": shared}


def test_a_dollar_is_doubled_in_values_where_it_would_be_read_as_a_variable() -> None:
    assert as_compose_file({"$k": ["a$b"]}) == "$k:\n- a$$b\n"
    assert json.loads(as_json({"$k": ["a$b"]})) == {"$k": ["a$b"]}
