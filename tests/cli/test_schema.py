"""`compose2aws schema`."""

from __future__ import annotations

import json

from compose2aws.catalog.editor_schema import editor_schema
from tests.cli.conftest import Command


def test_the_schema_is_printed_and_nothing_else(command: Command) -> None:
    done = command("schema")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == editor_schema()


def test_the_schema_is_always_the_same_text(command: Command) -> None:
    texts = {command("schema", environment={"PYTHONHASHSEED": seed}).stdout for seed in ("1", "2")}
    assert len(texts) == 1


def test_it_wants_no_project(command: Command) -> None:
    assert command("schema", "compose.yaml").returncode == 2
