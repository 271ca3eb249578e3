"""The picture as Mermaid text."""

from __future__ import annotations

import re

import pytest

from compose2aws.report.picture.mermaid import as_mermaid
from compose2aws.report.picture.model import Box, Group, Line, Picture, Pin
from tests.example_pictures import drawn
from tests.report.picture.systems import every_picture

# Every line is one of these; quoted text holds no quote and no bracket that could end it.
_TEXT = r'"[^"\[\]{}|<>`]*(?:<br>[^"\[\]{}|<>`]*)*"'
_BOX = rf"(?:\[{_TEXT}\]|\[\[{_TEXT}\]\]|\[\({_TEXT}\)\]|\(\[{_TEXT}\]\)|\{{\{{{_TEXT}\}}\}})"
_LINES = re.compile(
    rf"flowchart LR|accTitle: .+|accDescr: .+|subgraph g\d+\[{_TEXT}\]|end|n\d+{_BOX}"
    rf"|n\d+ (?:==>|-->|-\.->)(?:\|{_TEXT}\|)? n\d+|classDef \w+ stroke:#\w{{6}},stroke-width:2px|class [n\d,]+ \w+"
)


@pytest.mark.parametrize("name", ["nexiom", "lambda-lite/infra"])
def test_an_example_has_its_boxes_and_ports(name: str) -> None:
    text = as_mermaid(drawn(name))
    assert text.startswith("flowchart LR\n")
    wanted = {
        "nexiom": ('n1 ==>|"api.nexiom.com to 3000"| n2', '[("postgres<br>Aurora PostgreSQL (RDS)<br>', '-->|"5432"|'),
        "lambda-lite/infra": ('subgraph g3["EC2 instances: up to 2 m7i.large, 100 GB"]', '-->|"27017"|', "-.->"),
    }
    for part in wanted[name]:
        assert part in text


def test_every_line_of_every_picture_is_mermaid() -> None:
    for name, made in every_picture().items():
        for line in as_mermaid(made).splitlines():
            assert _LINES.fullmatch(line.strip()), (name, line)


def test_text_cannot_leave_its_quotes() -> None:
    hostile = 'a"] --> b; <script>`x`</script> #quot; {{}} |end|\nclick n0'
    box = Box("a", "service", hostile, hostile, (hostile,), (Pin(hostile, hostile),))
    group = Group("vpc", "vpc", hostile, hostile, (box,))
    text = as_mermaid(Picture(hostile, hostile, (), (group,), (Line("a", "a", "connection", None, hostile),)))
    for line in text.splitlines():
        assert _LINES.fullmatch(line.strip()), line
    assert "<script>" not in text
    assert "#34;" in text
