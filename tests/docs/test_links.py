"""Links between pages lead to pages, files and headings that are there."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, pages

_LINK = re.compile(r"(?<!`)!?\[(?:[^\[\]]|!\[[^\]]*\]\([^)]*\))*\]\((?P<target>[^()\s]+)\)")
_SOURCE = re.compile(r"(?:src|href)=\"(?P<target>[^\"]+)\"")
_FENCE = re.compile(r"^([ ]*)```.*?^\1```", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    found: dict[str, int] = {}
    for heading in _HEADING.findall(_FENCE.sub("", page.read_text(encoding="utf-8"))):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        kept = "".join(c for c in plain.lower() if c in " -_" or unicodedata.category(c)[0] in "LN")
        anchor = kept.replace(" ", "-")
        found[anchor] = found.get(anchor, -1) + 1
        if found[anchor]:
            found[f"{anchor}-{found[anchor]}"] = 0
    return set(found)


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_links_lead_somewhere(page: Path) -> None:
    text = _FENCE.sub("", page.read_text(encoding="utf-8"))
    wrong = []
    for match in (*_LINK.finditer(text), *_SOURCE.finditer(text)):
        target = match["target"]
        if re.match(r"https?://|mailto:", target):
            continue
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        there = file.exists() and (not anchor or (file.suffix == ".md" and anchor in anchors(file)))
        if not there:
            wrong.append(target)
    assert not wrong


def test_every_page_is_reached_from_the_index() -> None:
    reached, todo = set(), [DOCS / "index.md"]
    while todo:
        page = todo.pop()
        if page in reached:
            continue
        reached.add(page)
        for match in _LINK.finditer(page.read_text(encoding="utf-8")):
            file = (page.parent / match["target"].partition("#")[0]).resolve()
            if file.suffix == ".md" and file.is_relative_to(DOCS) and file.exists():
                todo.append(file)
    assert set(DOCS.rglob("*.md")) - reached == set()


def test_anchors_are_githubs() -> None:
    assert "what-of-compose-is-read-and-how" in anchors(DOCS / "compose-support.md")
