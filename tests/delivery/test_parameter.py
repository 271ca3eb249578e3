"""The values of parameters: what outlives an interruption."""

from __future__ import annotations

from compose2aws.delivery.parameter import last_revision
from compose2aws.delivery.stack import DeployedStack


def _stack(**parameters: str) -> DeployedStack:
    return DeployedStack("shop", "id", "UPDATE_COMPLETE", "", {}, parameters, {}, {})


def test_all_stacks_get_the_newest_revision_of_the_secrets() -> None:
    assert last_revision([_stack(), _stack(SecretsRevision="2"), _stack(SecretsRevision="10")]) == 10


def test_where_nothing_was_given_a_revision_the_default_stands() -> None:
    assert last_revision([_stack(), _stack(Other="1")]) is None
