"""Writes the pages of `docs/reference` that are made from the program itself: `python -m tests.docs.reference DIR`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

from compose2aws.catalog.catalog import read_table
from compose2aws.cli.program import program
from compose2aws.cli.project_options import ProjectOptions

_NOT_EDITED = "Written by `make docs` from {source}; not edited by hand."
_EXIT_CODES = {
    0: "done",
    1: "the input or AWS refuses, with the reason on standard error",
    2: "wrong usage",
    129: "ended by SIGHUP: its terminal was closed",
    130: "interrupted by Ctrl-C",
    143: "ended by SIGTERM: a CI job was cancelled",
}
_OWN_EXIT_CODES = {
    "diff": "With `--detailed-exitcode`: 0 nothing to change, 2 something to change, 1 it failed, also by wrong usage.",
    "run": "That of the command in the container; 1 where the task never ran, with the reason on standard error.",
    "exec": "That of Amazon's session-manager-plugin: ECS Exec does not tell that of the command.",
    "tunnel": "That of Amazon's session-manager-plugin; 130 after Ctrl-C, the usual end.",
    "synth": "1 also with `--strict` where something would be left out, with `--lint` where cfn-lint finds an error.",
    "explain": "0 also where something would be refused: it is told.",
    "deploy": "1 also where you do not agree.",
    "destroy": "1 also where you do not agree.",
    "rehearse": "1 also where something does not go as it should.",
}
_PROJECT = set(ProjectOptions.__dataclass_fields__)
_ACCOUNT = {"region", "aws_profile"}


_OUTPUT = """
Results go to standard output, everything else to standard error. Commands with a rule of their own say so below.

## Project options

Of every command that reads a project; before the command, as docker's are, or after it.

"""
_FILES = """
Without `-f`: `COMPOSE_FILE`, else the first of `compose.yaml`, `compose.yml`, `docker-compose.yml` and
`docker-compose.yaml`, looked for here and in the folders above, and `compose.aws.yaml` beside it where there is one.

## Account options

Of every command that talks to AWS. The rest is boto3's own chain: [environment variables](environment.md), `~/.aws`,
roles.

"""


def commands_page() -> str:
    """The page of commands."""
    text = "# Commands\n\n" + _NOT_EDITED.format(source="the program") + "\n\n"
    text += f"    {program.get_usage(click.Context(program, info_name='compose2aws')).removeprefix('Usage: ')}\n\n"
    text += "| command | does |\n|---|---|\n"
    for name, command in program.commands.items():
        text += f"| [`{name}`](#{name}) | {_cell(command.short_help or '')} |\n"
    text += "\n## Exit codes\n\n| code | means |\n|---|---|\n"
    text += "".join(f"| {code} | {meaning} |\n" for code, meaning in _EXIT_CODES.items())
    text += _OUTPUT + _table(option for option in _options(program) if option.name in _PROJECT)
    text += _FILES + _table(option for option in _options(program.commands["status"]) if option.name in _ACCOUNT)
    for name, command in program.commands.items():
        text += _command(name, command)
    return text


def _command(name: str, command: click.Command, parents: str = "compose2aws") -> str:
    names = {one.name for one in command.params}
    usage = command.get_usage(click.Context(command, info_name=f"{parents} {name}")).removeprefix("Usage: ")
    level = "##" if parents == "compose2aws" else "###"
    text = f"\n{level} {name}\n\n    {' '.join(usage.split())}\n\n{_help(command)}\n"
    own = [option for option in _options(command) if option.name not in _PROJECT | _ACCOUNT]
    taken = [
        label
        for label, group in (
            ("[project options](#project-options)", _PROJECT),
            ("[account options](#account-options)", _ACCOUNT),
        )
        if names & group
    ]
    if own:
        text += "\n" + _table(own)
    if taken:
        text += f"\nAlso the {' and the '.join(taken)}.\n"
    if name in _OWN_EXIT_CODES:
        text += f"\nExit code: {_OWN_EXIT_CODES[name]}\n"
    if isinstance(command, click.Group):
        for inner, other in command.commands.items():
            text += _command(inner, other, f"{parents} {name}")
    return text


def _help(command: click.Command) -> str:
    paragraphs = (command.help or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs).strip()


def _options(command: click.Command) -> Iterator[click.Option]:
    for one in command.params:
        if isinstance(one, click.Option) and one.name not in ("help", "version"):
            yield one


def _table(options: Iterator[click.Option] | list[click.Option]) -> str:
    text = "| option | means | default |\n|---|---|---|\n"
    for option in options:
        names = ", ".join(option.opts + option.secondary_opts)
        if not option.is_flag:
            names += f" {option.make_metavar(click.Context(program))}"
        default = f"`{option.default}`" if option.show_default and option.default is not None else ""
        text += f"| `{_cell(names)}` | {_cell(option.help or 'The form of what is written.')} | {default} |\n"
    return text


def settings_page() -> str:
    """The page of `x-aws`."""
    schema = read_table("x-aws.schema")
    text = "# x-aws\n\n" + _NOT_EDITED.format(source="`mappings/x-aws.schema.yaml`") + "\n\n"
    text += (
        "Settings of compose2aws stand under `x-aws`, in any of the compose files; best in a `compose.aws.yaml` beside "
        "them, which is\nread too. An unknown setting, or a value of the wrong type, is an error with its line. "
        "`compose2aws schema` prints the same for\n[your editor](../how-to/editor-completion.md).\n"
    )
    text += "\n## At the top of the file\n\n" + _settings(schema["properties"])
    text += "\n## In a service\n\n" + _settings(schema["$defs"]["service"]["properties"])
    return text


def _settings(properties: Mapping[str, Mapping[str, Any]]) -> str:
    text = "| setting | value | means | example |\n|---|---|---|---|\n"
    for name, rule in properties.items():
        text += _setting(name, rule)
    return text


def _setting(name: str, rule: Mapping[str, Any]) -> str:
    rule = {**_resolved(rule), **rule}
    meaning = str(rule.get("description", ""))
    if "default" in rule:
        meaning += f" Default: `{rule['default']}`."
    examples = ", ".join(f"`{_cell(_example(one))}`" for one in rule.get("examples", []))
    text = f"| `{name}` | {_cell(_kind(rule))} | {_cell(meaning)} | {examples} |\n"
    inner = rule.get("properties") or _resolved(rule.get("items", {})).get("properties") or {}
    sign = f"{name}[]" if "items" in rule else name
    for key, value in inner.items():
        text += _setting(f"{sign}.{key}", value)
    return text


def _resolved(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    name = rule.get("$ref", "").rpartition("/")[2]
    found: Mapping[str, Any] = read_table("x-aws.schema")["$defs"][name] if name else rule
    return found


def _kind(rule: Mapping[str, Any]) -> str:
    if "enum" in rule:
        return " or ".join(f"`{value}`" for value in rule["enum"])
    kinds = rule.get("type", "any value")
    words = {
        "string": "text",
        "integer": "number",
        "boolean": "`true` or `false`",
        "array": "list",
        "object": "mapping",
    }
    return " or ".join(words.get(kind, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds))


def _example(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PAGES = {"commands.md": commands_page, "x-aws.md": settings_page}


def main() -> None:
    folder = Path(sys.argv[1])
    for name, page in PAGES.items():
        (folder / name).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
