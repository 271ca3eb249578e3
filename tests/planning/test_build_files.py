"""A build context or a Dockerfile that is not there is found before anybody builds."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.planning.projects import planned


@pytest.mark.parametrize(
    ("build", "sentence", "line"),
    [
        ("./nowhere", "the build context of web is not there: nowhere", 3),
        ("{context: ., dockerfile: Dockerfile.prod}", "there is no Dockerfile.prod in the build context of web, .", 3),
        ("{context: app}", "there is no Dockerfile in the build context of web, app", 3),
        ("./file", "the build context of web is not there: file", 3),
    ],
)
def test_what_a_build_lacks_is_an_error_at_its_line(tmp_path: Path, build: str, sentence: str, line: int) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "file").touch()
    made = planned(tmp_path, f"services:\n  web:\n    build: {build}\n")
    [found] = [finding for finding in made.findings if finding.code == "build-context"]
    assert (found.severity, found.message) == ("error", sentence)
    assert found.position is not None
    assert found.position.line == line


@pytest.mark.parametrize(
    "build",
    [
        "app",
        "{context: ., dockerfile: app/Dockerfile}",
        "{context: ., dockerfile_inline: FROM scratch}",
        "https://example.com/repository.git#main",
        "git@example.com:acme/web.git",
    ],
)
def test_what_is_there_or_elsewhere_is_none(tmp_path: Path, build: str) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "Dockerfile").write_text("FROM scratch\n")
    made = planned(tmp_path, f"services:\n  web:\n    build: {build}\n")
    assert [finding for finding in made.findings if finding.code == "build-context"] == []
