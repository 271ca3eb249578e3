"""What must hold of every comparison, whatever the templates."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.cloudformation import emit
from compose2aws.cloudformation.writing import text_of
from compose2aws.delivery.difference import compare
from compose2aws.delivery.template_text import read_template
from compose2aws.report.canonical import as_json
from compose2aws.report.difference import difference_text
from compose2aws.report.difference_json import difference_data
from compose2aws.report.difference_markdown import LONGEST, difference_markdown
from tests.golden_cases import cases, read_plan

Template = dict[str, Any]

GOLDEN = cases()


@cache
def templates(folder: Path) -> tuple[Template, ...]:
    """The templates of a golden case; none of one that is refused."""
    made = read_plan(folder)
    if any(decision.outcome == "refused" for decision in made.decisions):
        return ()
    return tuple(stack.template for stack in emit(made).stacks)


def outputs(before: Template | None, after: Template | None, **parameters: dict[str, str | None]) -> list[str]:
    found = compare(
        before,
        after,
        name="s",
        status=None,
        before_parameters=parameters.get("old", {}),
        after_parameters=parameters.get("new", {}),
    )
    return [
        difference_text([found]),
        difference_markdown([found], "p"),
        as_json(difference_data([found])),
        repr(found),
    ]


def is_nothing(before: Template, after: Template) -> bool:
    found = compare(before, after, name="s", status=None, before_parameters={}, after_parameters={})
    return found.is_empty


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_a_template_does_not_differ_from_itself_in_another_form(folder: Path) -> None:
    for template in templates(folder):
        assert is_nothing(template, template)
        assert is_nothing(template, read_template(text_of(template, "yaml"), "t"))
        assert is_nothing(read_template(json.dumps(template, sort_keys=True), "t"), template)


def _shuffled(value: Any, data: st.DataObject) -> Any:
    if isinstance(value, dict):
        keys = data.draw(st.permutations(list(value)))
        return {key: _shuffled(value[key], data) for key in keys}
    if isinstance(value, list):
        return [_shuffled(item, data) for item in value]
    if isinstance(value, bool):
        return data.draw(st.sampled_from([value, str(value).lower()]))
    return data.draw(st.sampled_from([value, str(value)])) if isinstance(value, int) else value


@given(st.data())
def test_the_order_of_keys_and_the_form_of_numbers_change_nothing(data: st.DataObject) -> None:
    template = data.draw(st.sampled_from([t for folder in GOLDEN[:8] for t in templates(folder)]))
    resources = data.draw(st.lists(st.sampled_from(sorted(template["Resources"])), min_size=1, max_size=6))
    shuffled = dict(reversed(template["Resources"].items()))
    for logical_id in resources:
        shuffled[logical_id] = _shuffled(template["Resources"][logical_id], data)
    assert is_nothing(template, {**template, "Resources": shuffled})


@given(st.data())
def test_any_property_that_goes_is_told_once_and_backwards_as_well(data: st.DataObject) -> None:
    template = data.draw(st.sampled_from([t for folder in GOLDEN[:8] for t in templates(folder)]))
    having = sorted(id_ for id_, body in template["Resources"].items() if body.get("Properties"))
    logical_id = data.draw(st.sampled_from(having))
    key = data.draw(st.sampled_from(sorted(template["Resources"][logical_id]["Properties"])))
    less = copy.deepcopy(template)
    value = less["Resources"][logical_id]["Properties"].pop(key)
    if value in ({}, []):
        return
    for one, two in ((template, less), (less, template)):
        found = compare(one, two, name="s", status=None, before_parameters={}, after_parameters={})
        change = next(change for change in found.changes if change.logical_id == logical_id)
        assert any(p.path.startswith(key) for p in change.properties)
        # nothing else changes but what names what is made anew
        for other in found.changes:
            follows = all("(known after the change)" in str(p.after) for p in other.properties)
            assert other is change or follows


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_no_value_of_a_no_echo_parameter_is_in_any_output(folder: Path) -> None:
    for template in templates(folder):
        secret = [name for name, body in template.get("Parameters", {}).items() if body.get("NoEcho")]
        sides: list[dict[str, str | None]] = [dict.fromkeys(secret, f"the-canary-{side}") for side in ("old", "new")]
        for before, after in ((template, template), (None, template), (template, None)):
            for text in outputs(before, after, old=sides[0], new=sides[1]):
                assert "canary" not in text


@pytest.mark.parametrize("folder", GOLDEN, ids=lambda folder: folder.name)
def test_every_line_fits_the_page_and_a_comment_fits_github(folder: Path) -> None:
    for template in templates(folder):
        text, markdown, *_ = outputs(None, template)
        assert max(map(len, text.splitlines())) <= 80
        assert len(markdown) <= LONGEST


_KEYS = ["Ref", "Fn::Sub", "Fn::Join", "Fn::If", "Fn::GetAtt", "Fn::Select", "Name", "Value", "Statement"]
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(_KEYS), inner, max_size=3),
    max_leaves=10,
)


@given(_VALUES, _VALUES)
def test_whatever_stands_in_a_template_is_compared_and_shown(before: Any, after: Any) -> None:
    def template(value: Any) -> Template:
        resource = {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": value, "Cpu": value}}
        return {"Resources": {"A": resource}, "Conditions": {"C": value}, "Outputs": {"O": {"Value": value}}}

    assert is_nothing(template(before), copy.deepcopy(template(before)))
    assert all(outputs(template(before), template(after)))
