"""What `--yes` agrees to, and what it does not."""

from __future__ import annotations

import io

import click
import pytest

from compose2aws.cli.conversation import TerminalConversation
from compose2aws.delivery.difference import Change, StackDifference

LOSS = StackDifference("shop-base", None, (Change("Db", "AWS::RDS::DBCluster", "modify", "always", stateful=True),))


def test_yes_agrees_to_what_was_told_and_not_to_a_loss_that_was_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    conversation = TerminalConversation(yes=True)
    assert conversation.agrees("Deploy this?")
    with pytest.raises(click.ClickException, match="--yes does not agree to that"):
        conversation.agrees("Change shop-base so?", unforeseen=True)
    with pytest.raises(click.UsageError, match="give --yes"):
        TerminalConversation(yes=False).agrees("Deploy this?")


def test_a_loss_is_shown_whatever_was_agreed_to(capsys: pytest.CaptureFixture[str]) -> None:
    conversation = TerminalConversation(yes=True)
    conversation.show((StackDifference("shop-base", None, ()),), by_cloudformation=True)
    assert capsys.readouterr().err == ""
    conversation.show((LOSS,), by_cloudformation=True)
    assert "REPLACED, its data would be lost" in capsys.readouterr().err
