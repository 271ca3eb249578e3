"""Writing to stdout and stderr: colour only on a terminal, and a reader that went away is no error."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TextIO

import click

_WIDTH = 80
_WIDEST = 110
_NARROWEST = 60


class OutputStreamError(Exception):
    """What was asked for cannot be written to stdout (a full disk behind a redirection)."""


def prepare_streams() -> None:
    """A character that the terminal's encoding lacks is written as an escape: it never stops the command. A stream that
    was closed by whoever started us is one again: writing results to it fails, and what is told goes nowhere."""
    stdout: TextIO | None = sys.stdout
    stderr: TextIO | None = sys.stderr
    if stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w")
    if stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w")
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure:
            reconfigure(errors="backslashreplace")


def close_streams(code: int) -> int:
    """Writes out what is buffered and gives the exit code: 1 where stdout could not be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except BrokenPipeError:
            _silence(stream)
        except OSError as error:
            _silence(stream)
            if stream is sys.stdout:
                code = code or 1
                warn(f"compose2aws: cannot write to standard output: {error.strerror}")
    return code


def say(text: str) -> None:
    """A result: to stdout, with a line break at its end where it has none."""
    try:
        click.echo(text, nl=not text.endswith("\n"), color=colourful(sys.stdout))
        sys.stdout.flush()
    except BrokenPipeError:
        _silence(sys.stdout)
    except OSError as error:
        _silence(sys.stdout)
        raise OutputStreamError(f"cannot write to standard output: {error.strerror}") from error


def warn(text: str) -> None:
    """Everything that is not the result: to stderr."""
    try:
        click.echo(text, err=True, color=colourful(sys.stderr))
    except OSError:
        _silence(sys.stderr)


def colourful(stream: TextIO) -> bool:
    """Whether colour may be used: on a terminal, unless NO_COLOR, CI or a dumb terminal says no."""
    refused = os.environ.get("NO_COLOR") or os.environ.get("CI") or os.environ.get("TERM") == "dumb"
    return stream.isatty() and not refused


def width() -> int:
    """Columns that a result may take: a terminal's own within limits, else 80."""
    if not sys.stdout.isatty():
        return _WIDTH
    return max(_NARROWEST, min(_WIDEST, shutil.get_terminal_size((_WIDTH, 24)).columns))


def _silence(stream: TextIO) -> None:
    """Sends what is still buffered nowhere, so that the end of the interpreter does not stumble over it."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, stream.fileno())
    finally:
        os.close(nowhere)
