"""Command, entrypoint, health check and labels of a container: what a secret in them becomes, and when it is
refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from compose2aws.compose.node import Path, find
from compose2aws.planning.identity import ResourceId, digest
from compose2aws.planning.model.workload import EnvironmentVariable
from compose2aws.planning.text import Hole, Text
from compose2aws.planning.values.client import Client, Value
from compose2aws.planning.values.concealment import Place
from compose2aws.planning.values.connection import rewrite
from compose2aws.planning.values.environment_values import delivered, report
from compose2aws.planning.values.invocation import Invocation, injected, run_line, script_at, with_variables
from compose2aws.planning.values.written import rewritten


def _text(client: Client, value: Value) -> Text:
    """The text of a word or a label."""
    stage = client.stage
    key = str(value.path[2] if value.path[2] != "labels" else f"labels.{value.path[-1]}")
    result = rewrite(value.written, value.sites, stage.counterparts, client.carried)
    report(client, value, result)
    alone = bool(result.users("made", "mistaken"))
    place = Place(client.service, key, value.path, client.related, alone, value.path[2] != "labels")
    edits = stage.concealment.conceal(value.written, place, result.edits, value.name, value.hidden)
    return rewritten(value.written, edits, stage.concealment.untouched(place))


@dataclass(frozen=True, slots=True)
class _Naming:
    """Gives a hole its environment variable: one that the container has already, else a new one."""

    client: Client
    path: Path
    secrets: dict[ResourceId, None] = field(default_factory=dict)
    """The secrets of the variables that were given."""

    def __call__(self, hole: Hole) -> str:
        text = Text.of(hole)
        for variable in self.client.variables.values():
            if variable.text == text and variable.only_if is None and re.fullmatch(r"[A-Za-z_]\w*", variable.name):
                return self._given(variable)
        if "parameter" in hole.fact:
            name = f"COMPOSE2AWS_{hole.of}"
        else:
            name = "COMPOSE2AWS_" + re.sub(r"[^A-Za-z0-9]", "_", f"{hole.of}_{hole.fact}").upper()
            if not re.fullmatch(r"[a-z][a-z0-9]*", hole.of):
                name += f"_{digest(hole.of).upper()}"
        self.client.variables[name] = delivered(self.client.stage, name, text, self.path)
        return self._given(self.client.variables[name])

    def _given(self, variable: EnvironmentVariable) -> str:
        if variable.secret is not None:
            self.secrets[variable.secret] = None
        return variable.name


def plan_invocation(client: Client) -> Invocation:
    """Entrypoint and command, decided on their keys."""
    ledger = client.stage.ledger
    texts: dict[str, tuple[Text, ...] | None] = {}
    for section, values in (("entrypoint", client.entrypoint), ("command", client.command)):
        texts[section] = None if values is None else tuple(_text(client, value) for value in values)
    before = Invocation(texts["entrypoint"], texts["command"])
    where = "command" if any(text.sensitive for text in before.command or ()) else "entrypoint"
    path: Path = ("services", client.service, where)
    naming = _Naming(client, path)
    after = with_variables(before, naming)
    if after is None and (own := client.stage.entrypoints.get(client.service)) is not None:
        after = with_variables(replace(before, entrypoint=tuple(Text.of(word) for word in own)), naming)
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
        _decide_words(client, section, texts[section], tuple(naming.secrets))
    return after


def _decide_words(
    client: Client, section: str, texts: tuple[Text, ...] | None, secrets: tuple[ResourceId, ...]
) -> None:
    path: Path = ("services", client.service, section)
    if find(client.stage.root, path) is None:
        return
    if texts is None:
        client.stage.ledger.record(path, "inert", reason="the image's own counts, as without the key")
        return
    holes = tuple(dict.fromkeys(hole for text in texts for hole in text.holes))
    if not holes:
        client.stage.ledger.record(path, "translated", client.task)
        return
    code = _code(holes)
    reason = f"in it now: {', '.join(map(str, holes))}"
    if any(hole.sensitive for hole in holes):
        reason += "; a shell of the container puts the secrets in"
        client.stage.ledger.record(path, "adapted", (client.task, *secrets), code=code, reason=reason)
    else:
        client.stage.ledger.record(path, "adapted", client.task, code=code, reason=reason)


def _code(holes: tuple[Hole, ...]) -> str:
    if any("parameter" not in hole.fact for hole in holes):
        return "connection"
    return "secret" if any(hole.sensitive for hole in holes) else "unset-variable"


def plan_health_command(client: Client) -> tuple[str, ...] | None:
    """The health check's command; what is known only on AWS comes out of variables, for it is no place for holes."""
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
    """The labels that hold no secret, each decided."""
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
        if text.holes:
            reason = f"is {text}"
            client.stage.ledger.record(value.path, "adapted", client.task, code=_code(text.holes), reason=reason)
        else:
            client.stage.ledger.record(value.path, "translated", client.task)
        yield value.name, text
