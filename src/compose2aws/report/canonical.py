"""A value as YAML or JSON that every reader of Compose files reads the same."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

# What YAML 1.2 takes for a number and PyYAML, which speaks YAML 1.1, would leave without quotes.
_NUMBER = re.compile(
    r"[-+]?(0o[0-7]+|0x[0-9a-fA-F]+|(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?|\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN"
)

_Base: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Dumper(_Base):  # type: ignore[misc]
    """Strings that could be read as numbers are quoted; texts of several lines are blocks; nothing is an alias."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002 - PyYAML's signature
        return True


def _string(dumper: Any, value: str) -> Any:
    style = "'" if _NUMBER.fullmatch(value) else "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _string)


def as_compose_file(value: object) -> str:
    """YAML in the order of the value. Read as a compose file it is the same value."""
    text: str = yaml.dump(
        _escaped(value), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=2**31 - 1, default_flow_style=False
    )
    return text


def _escaped(value: object) -> object:
    """The value with every `$` doubled, but in keys, which are not interpolated."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, list):
        return [_escaped(item) for item in value]
    if isinstance(value, dict):
        return {key: _escaped(below) for key, below in value.items()}
    return value


def as_json(value: object) -> str:
    """JSON in the order of the value."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
