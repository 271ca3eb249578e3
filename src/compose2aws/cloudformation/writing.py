"""Templates as text: YAML in blocks with functions in their long form, or JSON. The same template, the same bytes."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml

from compose2aws.cloudformation.stack import Format

_WIDTH = 1_000_000  # a line is never folded: a folded text is hard to search for

# What YAML 1.1 readers other than PyYAML take for a number, a date or a truth value (`1e3`, `089`, `y`).
_MISREAD = re.compile(r"[-+.0-9].*|[yYnN~]|<<|=", re.DOTALL)


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """No aliases: CloudFormation reads none."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def _represent_text(_: Any, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else "'" if _MISREAD.fullmatch(text) else None
    return yaml.ScalarNode("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def text_of(document: dict[str, Any], format: Format) -> str:  # noqa: A002 - the option's own name
    """A template or another file as text that ends in one line break."""
    if format == "json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    written: str = yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=_WIDTH
    )
    return written
