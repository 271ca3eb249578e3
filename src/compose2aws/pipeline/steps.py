"""What the CI systems' files have in common."""

from __future__ import annotations

import hashlib
import re
import shlex
from collections.abc import Sequence

from compose2aws.pipeline.model import Pipeline, System, Variable
from compose2aws.pipeline.quoting import words

APPROVAL = (
    'any(.stacks[].changes[]; .stateful and (.action == "remove" or (.action == "modify" and .replacement != "never")))'
)
"""The jq filter that says, of `diff --format json`, whether data could be lost."""

MINUTES = 115
"""How long a deployment may take: five minutes less than its credentials last."""


def project_words(pipeline: Pipeline) -> str:
    """The options that say which project is meant, for a shell. The name is always among them: a checkout's folder may
    be called otherwise than the one here."""
    return words((*pipeline.options, "--project-name", pipeline.project))


def unset_lines(variables: Sequence[Variable]) -> str:
    """The shell lines that take away variables without a value: an empty one would stand before `.env` and defaults."""
    if not variables:
        return ""
    names = " ".join(variable.name for variable in variables)
    return f'for name in {names}; do [ -n "$(printenv "$name")" ] || unset "$name"; done'


def may_stay_unset(variable: Variable, before: str) -> str:
    """Where a variable needs no value, after the words `before`; nothing where it always does."""
    if variable.file:
        return f"{before}may stay unset where {variable.file} is in the repository"
    return "" if variable.required else f"{before}may stay unset"


def requirement(pipeline: Pipeline, *, lint: bool) -> str:
    """What pip installs."""
    name = "compose2aws[lint]" if lint else "compose2aws"
    return shlex.quote(f"{name} @ {pipeline.package}" if pipeline.package else f"{name}=={pipeline.version}")


def with_header(text: str, system: System) -> str:
    """The file with a first line that says what made it, and by which a later run sees whether it was changed since."""
    return f"# Made by `compose2aws pipeline {system}` ({_digest(text)}); run it again, do not edit.\n{text}"


def is_unchanged(text: str) -> bool:
    """Whether the text is as `with_header` made it."""
    first, _, rest = text.partition("\n")
    match = re.fullmatch(r"# Made by `compose2aws pipeline \w+` \((\w+)\); run it again, do not edit\.", first)
    return match is not None and match[1] == _digest(rest)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]
