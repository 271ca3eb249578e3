"""Words on a page."""

from __future__ import annotations

import click
import pytest

from compose2aws.report.layout import columns, cpu, display_width, listed, markdown, memory, visible, wrapped


def test_words_are_wrapped_behind_the_first_indent() -> None:
    assert wrapped("one two three four", 12, "  -> ") == ["  -> one two", "     three", "     four"]


def test_a_long_name_is_broken_behind_a_mark() -> None:
    assert wrapped("of taiga-async-rabbitmq-data", 16) == ["of", "taiga-async-", "rabbitmq-data"]


def test_a_long_word_without_marks_is_broken_at_the_edge() -> None:
    assert wrapped("x" * 25, 10) == ["x" * 10, "x" * 10, "x" * 5]
    assert wrapped("x" * 20, 10) == ["x" * 10, "x" * 10]


def test_nothing_is_a_line() -> None:
    assert wrapped("", 10) == [""]


@pytest.mark.parametrize("width", [40, 60, 80])
def test_columns_stay_within_the_page_and_names_are_whole_when_put_together(width: int) -> None:
    cells = ("a-name-that-is-long " * 3, "https://example.com/a/b/c?d=e" * 4, "words and more words " * 9)
    lines = columns(("one", "two", "three"), [("Things", [cells, cells]), ("More", [cells])], width)
    assert max(map(len, lines[1:])) <= width
    assert "".join(wrapped(cells[1], width)) == cells[1]


def test_what_is_wrapped_of_a_name_is_indented_so_that_one_sees_where_a_row_begins() -> None:
    lines = [
        click.unstyle(line) for line in columns(("a", "b"), [("Things", [("one two three", "x"), ("y", "z")])], 40)
    ]
    assert lines[2:] == ["Things", "one two    x", "  three", "y          z"]


@pytest.mark.parametrize("width", [20, 40, 80])
def test_wide_characters_and_accents_are_counted_as_a_terminal_does(width: int) -> None:
    assert (display_width("\u65e5\u672c"), display_width("e\u0301")) == (4, 1)
    text = "\u65e5\u672c\u8a9e" * 30 + " e\u0301" * 50
    assert max(map(display_width, wrapped(text, width, "  "))) <= width
    table = columns(("one", "two"), [("\u4e00", [(text, text)])], width)
    assert max(display_width(click.unstyle(line)) for line in table) <= width


def test_control_characters_are_shown() -> None:
    assert visible("a\x1b[2J\nb\u202e\ud800") == "a\\x1b[2J b\\u202e\\ud800"


def test_markdown_keeps_code_and_nothing_else() -> None:
    assert markdown("`a*b` *c* `open") == "\\`a\\*b\\` \\*c\\* \\`open"
    assert markdown("`a*b` *c*") == "`a*b` \\*c\\*"


def test_sizes_and_lists_read_as_people_write_them() -> None:
    assert (memory(512), memory(2048), cpu(256), cpu(1024)) == ("512 MB", "2 GB", "0.25 vCPU", "1 vCPU")
    assert (listed("abc"), listed("abcd", 2)) == ("a, b, c", "a, b and 2 more")
