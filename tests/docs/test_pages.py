"""Every command of the documentation is typed, on a rehearsal server, and shows what the page says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import DOCS, ROOT, Block, Setting, commands, is_tried, pages, steps

NOT_RUN = 10
"""How many blocks nobody tries, each with its reason beside it. It may fall."""


def _name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def _blocks(page: Path) -> list[Block]:
    return [step for step in steps(page.read_text(encoding="utf-8")) if isinstance(step, Block)]


TRIED = [page for page in pages() if is_tried(page)]
LONG = ("move-data", "secrets", "migrations", "own-domain", "leave", "json", "when-a-deployment-fails")
"""Pages of many deployments: the soak types them."""


@pytest.mark.parametrize(
    "page",
    [pytest.param(page, id=_name(page), marks=[pytest.mark.soak] if page.stem in LONG else []) for page in TRIED],
)
def test_commands_show_what_the_page_says(page: Path, tmp_path: Path) -> None:
    pytest.importorskip("moto", reason="the rehearsal needs moto[server]")
    pytest.importorskip("flask_cors", reason="the rehearsal needs moto[server]")
    from tests.docs.run import tried  # noqa: PLC0415 - tests without moto are collected too
    from tests.docs.stage import open_stage  # noqa: PLC0415

    with open_stage(tmp_path / "stage") as stage:
        found = tried(page.read_text(encoding="utf-8"), stage)
    wrong = [one.complaint for one in found if one.complaint]
    assert not wrong, "run `make docs`, and read the difference:\n\n" + "\n\n".join(wrong)


def test_a_block_that_is_not_run_says_why() -> None:
    left = [(_name(page), block) for page in pages() for block in _blocks(page) if "not run" in block.about]
    assert all(len(block.about["not run"]) > 10 for _, block in left)
    assert len(left) <= NOT_RUN, [(page, block.first) for page, block in left]


def test_no_command_of_ours_stands_outside_what_is_tried() -> None:
    wrong = []
    for page in (ROOT / "README.md", *sorted(DOCS.rglob("*.md"))):
        text = page.read_text(encoding="utf-8")
        inside = {
            line
            for step in steps(text)
            if isinstance(step, Block)
            for line in range(step.first, step.first + len(step.lines) + 1)
        }
        for number, line in enumerate(text.splitlines(), 1):
            typed = line.startswith(("    compose2aws", "    $ compose2aws")) and "[OPTIONS]" not in line
            if typed and number not in inside:
                wrong.append(f"{_name(page)}:{number}")
        for block in _blocks(page):
            typed = any(line.startswith(("$ compose2aws", "compose2aws ")) for line in block.lines)
            if typed and block.language not in ("console", "yaml") and "not run" not in block.about:
                wrong.append(f"{_name(page)}:{block.first}")
    assert not wrong, f"commands stand in `console` blocks, where they are tried: {wrong}"


def test_every_command_of_the_program_is_typed_in_the_documentation() -> None:
    from compose2aws.cli.program import program  # noqa: PLC0415 - it is quick, but no page needs it

    typed = {
        word
        for page in TRIED
        for block in _blocks(page)
        if block.language == "console" and "not run" not in block.about
        for command in commands(block)
        for word in command.text.split()
    }
    assert set(program.commands) <= typed, set(program.commands) - typed


def test_a_page_begins_with_a_project_before_it_runs_a_command() -> None:
    for page in TRIED:
        order = list(steps(page.read_text(encoding="utf-8")))
        first = next(place for place, step in enumerate(order) if isinstance(step, Setting) and step.word == "project")
        runs = next(
            place
            for place, step in enumerate(order)
            if isinstance(step, Block) and step.language == "console" and "not run" not in step.about
        )
        assert first < runs, _name(page)
