"""What nobody has verified says how to verify it."""

from __future__ import annotations

import re

from tests.docs.pages import DOCS, ROOT

PAGE = (DOCS / "unverified.md").read_text(encoding="utf-8")
ROWS = [re.split(r"(?<!\\) \| ", line[2:-2]) for line in PAGE.splitlines() if line.startswith("| ")]


def test_each_rule_has_evidence_and_a_way_to_verify_it() -> None:
    rules = [row for row in ROWS if row[0] != "rule"]
    assert rules
    for row in rules:
        assert len(row) == 3, row
        rule, evidence, how = row
        assert rule and evidence
        typed, arrow, wanted = how.partition(" → ")
        assert arrow and typed and wanted, f"what to type, an arrow, what to look for: {rule}"


def test_the_cases_that_it_names_are_there() -> None:
    named = set(re.findall(r"base(?: stack)? of `([a-z-]+)`", PAGE))
    assert named
    assert {case for case in named if not (ROOT / "tests" / "golden" / case).is_dir()} == set()
