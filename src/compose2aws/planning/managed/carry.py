"""Settings of a database that stand in the compose file and go into its parameter group."""

from __future__ import annotations

from collections.abc import Iterator

from compose2aws.catalog import ImageMapping
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.source import ServiceSource


def carried_settings(service: ServiceSource, mapping: ImageMapping, ledger: Ledger) -> dict[str, str]:
    """The parameters that `command` sets (`-c shared_buffers=256MB`, `--max_connections=200`, `--maxmemory-policy x`).

    What the managed service has no counterpart for is a finding.
    """
    settings = mapping.settings
    words = service.texts("command")
    if settings is None or not words:
        return {}
    pairs = _postgres(words) if settings.style == "postgres" else _dashed(words, settings.style == "mysql")
    carried: dict[str, str] = {}
    for name, value in pairs:
        if name in settings.allowed and value is not None:
            carried[name] = value
        elif f"--{name}" not in mapping.login.password_arguments and name not in settings.absorbed:
            ledger.find(
                "setting-not-carried",
                "warning",
                f"the setting {name} of {service.name} has no counterpart in {mapping.becomes}; AWS's own applies",
                "see whether the app needs it; `x-aws: {managed: false}` keeps the container",
                service.at("command"),
            )
    return carried


def _postgres(words: tuple[str, ...]) -> Iterator[tuple[str, str | None]]:
    """`postgres -c name=value -cname=value --name=value` (PostgreSQL documentation, "postgres")."""
    index = 0
    while index < len(words):
        word = words[index]
        assignment = None
        if word == "-c" and index + 1 < len(words):
            index += 1
            assignment = words[index]
        elif word.startswith("-c"):
            assignment = word[2:]
        elif word.startswith("--") and "=" in word:
            assignment = word[2:].replace("-", "_")
        if assignment and "=" in assignment:
            name, _, value = assignment.partition("=")
            yield name.strip(), value.strip().strip("'\"")
        index += 1


def _dashed(words: tuple[str, ...], underscores: bool) -> Iterator[tuple[str, str | None]]:
    """`--name=value` and `--name value`; MySQL takes `-` and `_` alike."""
    for index, word in enumerate(words):
        if not word.startswith("--"):
            continue
        name, equals, value = word[2:].partition("=")
        follower = words[index + 1] if index + 1 < len(words) else "--"
        found = value if equals else (None if follower.startswith("--") else follower)
        yield (name.replace("-", "_") if underscores else name), found
