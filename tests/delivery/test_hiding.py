"""What AWS and tasks say reaches nobody with a secret in it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from botocore.exceptions import ClientError

from compose2aws.delivery.hiding import HidingProgress, hiding
from compose2aws.delivery.images.masking import Mask
from compose2aws.delivery.progress import ResourceEvent, RollOut, StoppedTask
from compose2aws.delivery.refusal import DeliveryError
from tests.delivery.situation import Recorder

MASK = Mask({"canary-of-the-shop"})


def _refused(message: str) -> ClientError:
    return ClientError({"Error": {"Code": "ValidationError", "Message": message}}, "CreateChangeSet")


def test_an_answer_that_repeats_a_secret_is_told_without_it() -> None:
    with pytest.raises(DeliveryError) as told, hiding(MASK):
        raise _refused("Value 'canary-of-the-shop' at 'parameters.1.member.parameterValue' failed")
    assert "AWS refuses CreateChangeSet: Value '****' at 'parameters.1" in str(told.value)
    assert told.value.__suppress_context__


def test_a_failure_is_told_without_secrets() -> None:
    with pytest.raises(DeliveryError, match=r"^the task said \*\*\*\*$"), hiding(MASK):
        raise DeliveryError("the task said canary-of-the-shop")


def test_an_answer_without_a_secret_stays_what_it_is() -> None:
    with pytest.raises(ClientError, match="is in UPDATE_IN_PROGRESS state"), hiding(MASK):
        raise _refused("Stack is in UPDATE_IN_PROGRESS state and can not be updated.")


def test_reasons_and_last_words_of_tasks_are_shown_without_secrets() -> None:
    seen = Recorder()
    shown = HidingProgress(seen, MASK)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    shown.resource(ResourceEvent("shop-app", "Api", "T", "CREATE_FAILED", at, reason="canary-of-the-shop is no port"))
    task = StoppedTask("1", "Essential container exited", (), ("cannot log in with canary-of-the-shop",))
    shown.roll_out(RollOut("api", "Api", 1, 0, 1, "FAILED", stopped=(task,)))
    assert "canary" not in repr((seen.events, seen.roll_outs))
    assert seen.events[0].reason == "**** is no port"
    assert seen.roll_outs[0].stopped[0].log_lines == ("cannot log in with ****",)
