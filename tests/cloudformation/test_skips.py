"""The skips of checkov are few, have reasons, and stand in the docs."""

from __future__ import annotations

import re
from pathlib import Path

import compose2aws.cloudformation as room

SKIP = re.compile(r'"(CKV2?_[A-Z]+_\d+)",\s*"([^"]+)"')
PAGE = Path(__file__).parents[2] / "docs" / "checkov.md"
MOST = 15


def in_code() -> dict[str, str]:
    texts = (file.read_text(encoding="utf-8") for file in sorted(Path(room.__file__).parent.glob("*.py")))
    return {check: reason for text in texts for check, reason in SKIP.findall(text)}


def in_docs() -> dict[str, str]:
    rows = re.findall(r"^\| (CKV2?_[A-Z]+_\d+) \|.*?\|.*?\| (.*?) \| \d+ \|$", PAGE.read_text(encoding="utf-8"), re.M)
    return dict(rows)


def test_the_docs_list_every_skip_with_its_reason() -> None:
    assert in_docs() == in_code() != {}


def test_skips_stay_few() -> None:
    assert len(in_code()) <= MOST


def test_no_check_is_named_without_a_reason() -> None:
    texts = (file.read_text(encoding="utf-8") for file in Path(room.__file__).parent.glob("*.py"))
    named = {check for text in texts for check in re.findall(r"CKV2?_[A-Z]+_\d+", text)}
    assert named == in_code().keys()
