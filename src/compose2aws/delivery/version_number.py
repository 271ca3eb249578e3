"""Versions of engines as numbers: `8.0.mysql_aurora.3.08.2` is (8, 0, 3, 8, 2)."""

from __future__ import annotations

import re
from typing import Any


def numbers(version: Any) -> tuple[int, ...]:
    """The numbers of a version, which compare as versions do."""
    return tuple(int(digits) for digits in re.findall(r"\d+", str(version)))


def is_older(version: Any, than: Any) -> bool:
    """Whether a version is below another; not where one of them is not known yet."""
    return "${" not in f"{version}{than}" and numbers(version) < numbers(than)
