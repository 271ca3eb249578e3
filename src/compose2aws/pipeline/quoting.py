"""Texts of a project put into files that a shell, a YAML reader and a CI system's own expressions read."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from importlib.resources import files

from compose2aws.pipeline.model import PipelineError

_HOLE = re.compile(r"^(?P<indent>[ ]*)<<(?P<block>[a-z_]+)>>\n|<<(?P<value>[a-z_]+)>>", re.MULTILINE)


def scalar(text: str) -> str:
    """The text as a YAML scalar: bare where every reader takes it for that text, else in double quotes, whose escapes
    JSON and YAML share. What GitHub would evaluate (`${{`) is broken up."""
    _require_printable(text)
    if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_./-]*", text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text.replace("${{", "${{ '${{' }}"), ensure_ascii=False)


def words(texts: Sequence[str]) -> str:
    """The texts as words of a POSIX shell, in one line. `${{` never stands in it: quotes part its characters, which
    the shell puts together again."""
    for text in texts:
        _require_printable(text)
    return " ".join(shlex.quote(text).replace("${{", "$''{{") for text in texts)


def filled(name: str, values: Mapping[str, str]) -> str:
    """A file of `templates/` with its holes filled. `<<name>>` alone on a line takes lines, indented as the hole is;
    inside a line it takes what is already quoted for its place. Empty lines take the hole's line away."""
    template = files("compose2aws.pipeline").joinpath("templates", name).read_text("utf-8")

    def fill(match: re.Match[str]) -> str:
        if match["value"]:
            return values[match["value"]]
        lines = values[match["block"]].splitlines()
        return "".join(f"{match['indent']}{line}\n" if line else "\n" for line in lines)

    return _HOLE.sub(fill, template)


_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def _require_printable(text: str) -> None:
    """A line break, or a character that no reader shows, could end a text where nobody sees it."""
    if not text.isprintable():
        raise PipelineError(
            f"{json.dumps(text)} holds a character that cannot be printed; it cannot stand in a pipeline's files"
        )
