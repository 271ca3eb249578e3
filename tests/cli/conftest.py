"""The command as a process, as users run it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.bare_environment import bare_environment

Outcome: TypeAlias = subprocess.CompletedProcess[str]
Command: TypeAlias = Callable[..., Outcome]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs `compose2aws ARGUMENTS…` in the test's own folder, with nothing of the caller's environment but the path."""

    def run(
        *arguments: str, stdin: str = "", environment: Mapping[str, str] | None = None, folder: Path | None = None
    ) -> Outcome:
        return subprocess.run(
            [sys.executable, "-m", "compose2aws", *arguments],
            input=stdin,
            env=bare_environment() | dict(environment or {}),
            cwd=folder or tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
