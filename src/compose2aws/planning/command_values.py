"""Command, entrypoint, health check and labels of a container: what a secret in them becomes, and when it is
refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from compose2aws.compose.node import Path, find
from compose2aws.planning.client import Client, Value
from compose2aws.planning.concealment import Place
from compose2aws.planning.connection import rewrite
from compose2aws.planning.environment_values import delivered, report_users
from compose2aws.planning.identity import digest
from compose2aws.planning.invocation import Invocation, injected, run_line, script_at, with_variables
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.written import rewritten


def _text(client: Client, value: Value) -> Text:
    """The text of a word or a label."""
    stage = client.stage
    key = str(value.path[2] if value.path[2] != "labels" else f"labels.{value.path[-1]}")
    result = rewrite(value.written, value.sites, stage.counterparts, client.carried)
    report_users(client, value, result)
    place = Place(client.service, key, value.path, client.related, word=value.path[2] != "labels")
    edits = stage.concealment.conceal(value.written, place, result.edits, value.name)
    return rewritten(value.written, edits, stage.concealment.untouched(place))


@dataclass(frozen=True, slots=True)
class _Naming:
    """Gives a hole its environment variable: one that the container has already, else a new one."""

    client: Client
    path: Path

    def __call__(self, hole: Hole) -> str:
        text = Text.of(hole)
        for variable in self.client.variables.values():
            if variable.text == text and variable.only_if is None and re.fullmatch(r"[A-Za-z_]\w*", variable.name):
                return variable.name
        if "parameter" in hole.fact:
            name = f"COMPOSE2AWS_{hole.of}"
        else:
            name = "COMPOSE2AWS_" + re.sub(r"[^A-Za-z0-9]", "_", f"{hole.of}_{hole.fact}").upper()
            if not re.fullmatch(r"[a-z][a-z0-9]*", hole.of):
                name += f"_{digest(hole.of).upper()}"
        self.client.variables[name] = delivered(self.client.stage, name, text, self.path)
        return name


def plan_invocation(client: Client) -> Invocation:
    ledger = client.stage.ledger
    texts: dict[str, tuple[Text, ...] | None] = {}
    for section, values in (("entrypoint", client.entrypoint), ("command", client.command)):
        texts[section] = None if values is None else tuple(_text(client, value) for value in values)
    before = Invocation(texts["entrypoint"], texts["command"])
    where = "command" if any(text.sensitive for text in before.command or ()) else "entrypoint"
    path: Path = ("services", client.service, where)
    after = with_variables(before, _Naming(client, path))
    if after is None:
        ledger.refuse(
            path,
            "secret-in-command",
            f"the {where} of {client.service} holds a secret, which everyone who may read the task definition would "
            "see; it can be kept out only by a shell, and the image's own entrypoint might not run one",
            "write the service's `entrypoint`, run the command by `sh -c`, or give the secret as a variable of the "
            "environment",
        )
        return Invocation(before.entrypoint, None)
    for section in ("entrypoint", "command"):
        _decide_words(client, section, texts[section], after != before)
    return after


def _decide_words(client: Client, section: str, texts: tuple[Text, ...] | None, by_shell: bool) -> None:
    path: Path = ("services", client.service, section)
    node = find(client.stage.root, path)
    if node is None:
        return
    if texts is None:
        client.stage.ledger.record(path, "inert", reason="the image's own counts, as without the key")
        return
    changed = [text for text in texts if text.holes]
    reason = "; ".join(f"one word is {text}" for text in changed)
    if by_shell and any(text.sensitive for text in texts):
        reason = f"a shell of the container puts its secrets in: {reason}"
    outcome = "adapted" if changed else "translated"
    client.stage.ledger.record(path, outcome, client.task, code="connection" if changed else "", reason=reason)  # type: ignore[arg-type]


def plan_health_command(client: Client) -> tuple[str, ...] | None:
    if client.health is None:
        return None
    texts = [_text(client, value) for value in client.health]
    plain = tuple(text.literal for text in texts)
    if all(word is not None for word in plain):
        return tuple(word or "" for word in plain)
    naming = _Naming(client, ("services", client.service, "healthcheck", "test"))
    kind, words = texts[0].literal, tuple(texts[1:])
    if kind == "CMD-SHELL":
        return ("CMD-SHELL", *(str(injected(word, naming, every=True)) for word in words))
    script = script_at(words)
    if script is not None and all(not word.holes for at, word in enumerate(words) if at != script):
        return ("CMD", *(str(injected(word, naming, every=True)) for word in words))
    return ("CMD-SHELL", run_line(words, naming))


def plan_labels(client: Client) -> Iterator[tuple[str, Text]]:
    for value in client.labels:
        text = _text(client, value)
        if text.sensitive:
            client.stage.ledger.drop(
                value.path,
                "secret-in-label",
                f"the label {value.name} of {client.service} holds a secret, and everyone who may read the task "
                "definition reads its labels",
                "take the secret out of the label",
            )
            continue
        outcome = "adapted" if text.holes else "translated"
        client.stage.ledger.record(value.path, outcome, client.task)  # type: ignore[arg-type]
        yield value.name, text
