"""The text of a CloudFormation template as data, whoever wrote it: JSON, or YAML with the short forms (`!Ref`)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from compose2aws.delivery.refusal import DeliveryError


def read_template(text: str | Mapping[str, Any], name: str) -> dict[str, Any]:
    """The template as data, short forms written out. `name` says in an error which template is meant.

    Raises `DeliveryError` where it is no template.
    """
    if isinstance(text, Mapping):
        return dict(text)
    try:
        read = parse(text)
    except SyntaxFault as error:
        where = f", line {error.line}" if error.line is not None else ""
        raise DeliveryError(f"{name}{where}: this is not a CloudFormation template, neither JSON nor YAML") from error
    if not isinstance(read, dict) or not isinstance(read.get("Resources"), dict):
        raise DeliveryError(f"{name}: this is not a CloudFormation template: it has no Resources")
    return read


class SyntaxFault(ValueError):  # noqa: N818 - it is the text's
    """A text is neither JSON nor YAML. `line` counts from one, None where it is not known."""

    def __init__(self, message: str, line: int | None) -> None:
        super().__init__(message)
        self.line = line


def parse(text: str) -> Any:
    """What a template's text holds, whatever it is, short forms written out. Raises `SyntaxFault`."""
    try:
        return json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, _Loader)  # noqa: S506 - a safe one
    except (ValueError, yaml.YAMLError, RecursionError) as error:
        line = getattr(getattr(error, "problem_mark", None), "line", None)
        raise SyntaxFault(str(error), None if line is None else line + 1) from error


class _Loader(yaml.CSafeLoader):
    """YAML as CloudFormation reads it: timestamps stay text, a tag is a function."""


def _function(loader: yaml.CSafeLoader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type]
    if suffix in ("Ref", "Condition"):
        return {suffix: value}
    if suffix == "GetAtt" and isinstance(value, str):
        value = list(value.partition(".")[::2])
    return {f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _function)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
