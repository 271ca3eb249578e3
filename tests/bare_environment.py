"""The environment of a command that a test starts: what any program needs, and nothing of whoever runs the tests."""

from __future__ import annotations

import os


def bare_environment() -> dict[str, str]:
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
