"""What a user is told when a command cannot go on, and its exit code. No traceback, no value that may be a secret."""

from __future__ import annotations

import os
import re
import sys
import traceback
from pathlib import Path

import click

import compose2aws
from compose2aws.cli.output import OutputError
from compose2aws.cli.terminal import OutputStreamError, warn

_PACKAGE = Path(compose2aws.__file__).parent


def tell(error: Exception) -> int:
    """Says on stderr what went wrong; gives the exit code."""
    if isinstance(error, click.ClickException):
        error.show()
        return 2 if isinstance(error, click.UsageError) else error.exit_code
    if isinstance(error, OutputError | OutputStreamError):
        warn(f"compose2aws: {error}")
        return 1
    refusal = _refusal(error)
    if refusal:
        for line in refusal:
            warn(line)
        return 1
    if os.environ.get("COMPOSE2AWS_DEBUG") == "1":
        warn("".join(traceback.format_exception(error)))
    warn(_confession(error))
    return 1


def _refusal(error: Exception) -> tuple[str, ...]:
    """The lines that say why the input, or AWS, refuses; none where the exception says no such thing."""
    if said := _said_of_aws(error):
        return (f"compose2aws: {said}",)
    from compose2aws.catalog import MappingError
    from compose2aws.compose.project import ComposeError

    if isinstance(error, MappingError):
        return error.problems
    if isinstance(error, ComposeError):
        from compose2aws.report.findings import diagnostic_line

        return tuple(diagnostic_line(diagnostic, "compose2aws") for diagnostic in error.diagnostics)
    return ()


def _said_of_aws(error: Exception) -> str:
    """The sentence about what AWS, or the way to it, refuses, perhaps with a task's last words: without anything that a
    terminal would act on. Only who imported the room that talks to AWS can raise
    such an exception: a command that does not is not made to load it here."""
    if "compose2aws.delivery.refusal" not in sys.modules:
        return ""
    from botocore.exceptions import BotoCoreError, ClientError
    from botocore.parsers import ResponseParserError

    from compose2aws.delivery.refusal import DeliveryError, explained
    from compose2aws.report.clean import cleaned_lines

    if isinstance(error, DeliveryError):
        return "\n".join(cleaned_lines(str(error)))
    if isinstance(error, BotoCoreError | ClientError | ResponseParserError):
        return "\n".join(cleaned_lines(explained(error)))
    return ""


def _confession(error: Exception) -> str:
    """One sentence about a bug of ours. The exception's own text stays out: it may hold a value of the input."""
    words = " ".join(re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", type(error).__name__)).lower()
    where = ""
    for frame in traceback.extract_tb(error.__traceback__):
        file = Path(frame.filename)
        if file.is_relative_to(_PACKAGE):
            where = f" in {file.relative_to(_PACKAGE).as_posix()}, line {frame.lineno}"
    return (
        f"compose2aws: this is a bug of compose2aws, not of your files: it came upon an unexpected {words}{where}; "
        "please report it, with what `COMPOSE2AWS_DEBUG=1` in the environment makes this command print."
    )
