"""What counts as the same output: ids and times do not, words do."""

from __future__ import annotations

import pytest

from tests.docs.normal import agrees


def test_ids_times_and_widths_may_differ() -> None:
    shown = ["13:53:31 shop-app  done after 2 s", "http://shop-Appli-PL5YSI85CNA9-1.us-east-1.elb.amazonaws.com:8000"]
    said = "09:00:00 shop-app    done after 14 s\nhttp://shop-Appli-000000000000-1.us-east-1.elb.amazonaws.com:8000\n"
    assert agrees(shown, said)


@pytest.mark.parametrize(
    "said", ["2 to add\n", "1 to add\n1 to change\n", "", "1 to add, a\n"], ids=["number", "more", "nothing", "word"]
)
def test_words_numbers_and_lines_may_not(said: str) -> None:
    assert not agrees(["1 to add"], said)


def test_an_ellipsis_stands_for_any_lines_and_the_rest_must_be_there() -> None:
    assert agrees(["a", "…", "d"], "a\nb\nc\nd\n")
    assert agrees(["…", "d"], "d\n")
    assert not agrees(["a", "…", "d"], "a\nb\n")
    assert not agrees(["…", "c", "d"], "c\nb\nd\n")
