"""The page of keys says what the table says."""

from __future__ import annotations

from pathlib import Path

from compose2aws.catalog import load_catalog
from compose2aws.catalog.key_page import page

PAGE = Path(__file__).parents[2] / "docs" / "compose-keys.md"


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(load_catalog().keys), "run `make docs`"


def test_every_row_of_the_table_is_on_the_page() -> None:
    text = PAGE.read_text(encoding="utf-8")
    rows = [line for line in text[text.index("## The project") :].splitlines() if line.startswith("| ")]
    heads = [line for line in rows if line.startswith("| key |")]
    assert len(rows) - len(heads) == len(load_catalog().keys)


def test_a_row_says_what_to_do_about_it() -> None:
    (row,) = [row for row in load_catalog().keys if row.pattern == ("services", "*", "pre_stop")]
    assert "| `pre_stop` | dropped |  | " in page([row])
    assert row.remedy[1:] in page([row])
