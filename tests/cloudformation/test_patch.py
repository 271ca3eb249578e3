"""Patches of the finished templates."""

from __future__ import annotations

from typing import Any

import pytest

from compose2aws.cloudformation import PatchError, emit
from compose2aws.cloudformation.patch import patched
from compose2aws.cloudformation.stack import Stack

from .plans import bare_plan

TEMPLATE = {"Resources": {"A": {"Tags": ["x", "y"]}, "a/b~c": {"Type": "T"}}}


def apply(*patches: dict[str, Any]) -> Any:
    stack = Stack("shop-app", "app", TEMPLATE, (), ())
    return patched((stack,), [{"stack": "app", **patch} for patch in patches])[0].template["Resources"]


def test_each_operation() -> None:
    assert apply({"op": "add", "path": "/Resources/A/Tags/1", "value": "new"})["A"]["Tags"] == ["x", "new", "y"]
    assert apply({"op": "add", "path": "/Resources/A/Tags/-", "value": "z"})["A"]["Tags"] == ["x", "y", "z"]
    assert apply({"op": "remove", "path": "/Resources/A/Tags/0"})["A"]["Tags"] == ["y"]
    assert apply({"op": "replace", "path": "/Resources/A/Tags/0", "value": "w"})["A"]["Tags"] == ["w", "y"]
    assert apply({"op": "replace", "path": "/Resources/a~1b~0c/Type", "value": "U"})["a/b~c"] == {"Type": "U"}
    assert apply({"op": "move", "from": "/Resources/A/Tags", "path": "/Resources/B"}) == {
        "A": {},
        "B": ["x", "y"],
        "a/b~c": {"Type": "T"},
    }
    assert apply({"op": "copy", "from": "/Resources/A", "path": "/Resources/B"})["B"] == {"Tags": ["x", "y"]}
    assert apply({"op": "test", "path": "/Resources/A/Tags/0", "value": "x"})["A"]["Tags"] == ["x", "y"]


def test_the_template_itself_is_left_alone() -> None:
    apply({"op": "remove", "path": "/Resources/A"})
    assert "A" in TEMPLATE["Resources"]


@pytest.mark.parametrize(
    ("patch", "reason"),
    [
        ({"op": "remove", "path": "/Resources/Nowhere"}, "nothing is at /Resources/Nowhere"),
        ({"op": "replace", "path": "/Resources/Nowhere", "value": 1}, "nothing is at /Resources/Nowhere"),
        ({"op": "add", "path": "/Resources/A/Tags/9", "value": 1}, "nothing is at /Resources/A/Tags/9"),
        ({"op": "add", "path": "/Resources/A/Tags/01", "value": 1}, "nothing is at"),
        ({"op": "add", "path": "/Resources/A/Tags/0/x", "value": 1}, "nothing is at /Resources/A/Tags/0/x"),
        ({"op": "test", "path": "/Resources/A/Tags/0", "value": "q"}, "is not what the test says"),
        ({"op": "move", "from": "/Resources", "path": "/Resources/B"}, "into itself"),
        ({"op": "add", "path": "/Resources/B"}, "value"),
        ({"op": "add", "path": "Resources", "value": 1}, "is no path"),
        ({"op": "merge", "path": "/Resources", "value": 1}, "merge"),
        ({"op": "add", "stack": "other", "path": "/Resources", "value": 1}, "no stack other; there are app"),
    ],
)
def test_a_patch_that_cannot_be_applied_says_which_and_why(patch: dict[str, Any], reason: str) -> None:
    good = {"op": "test", "path": "/Resources/A/Tags/0", "value": "x"}
    with pytest.raises(PatchError, match=reason) as raised:
        apply(good, patch)
    assert raised.value.number == 1


def test_a_plan_patches_its_templates() -> None:
    patch = {
        "stack": "base",
        "op": "replace",
        "path": "/Resources/EncryptionKey/Properties/Description",
        "value": "ours",
    }
    base = emit(bare_plan(patches=(patch,))).stacks[0]
    assert base.template["Resources"]["EncryptionKey"]["Properties"]["Description"] == "ours"
