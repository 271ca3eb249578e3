"""`.dockerignore` as BuildKit reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.delivery.images.context import folder_hash
from compose2aws.delivery.images.ignore import ignore_rules
from compose2aws.delivery.refusal import DeliveryError


def is_ignored(patterns: str, path: str) -> bool:
    """As a walk would find it: from the root down."""
    rules = ignore_rules(patterns, ".dockerignore")
    matched: tuple[bool, ...] = ()
    ignored = False
    parts = path.split("/")
    for depth in range(len(parts)):
        ignored, matched = rules.ignores("/".join(parts[: depth + 1]), matched)
    return ignored


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        ("*.log", "a.log", True),
        ("*.log", "logs/a.log", False),  # patterns begin at the root
        ("*.log", "a.LOG", False),  # letters count
        ("**/*.log", "logs/deep/a.log", True),
        ("**/*.log", "a.log", True),
        ("node_modules", "node_modules/left-pad/index.js", True),
        ("node_modules", "web/node_modules/index.js", False),
        ("**/node_modules", "web/node_modules/index.js", True),
        ("/build/", "build/main.o", True),
        ("./build", "build", True),
        ("docs/../build", "build", True),
        ("build/**", "build/a/b", True),
        ("build/**", "build", False),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("file[0-9].txt", "file7.txt", True),
        ("file[^0-9].txt", "file7.txt", False),
        ("file[^0-9].txt", "filex.txt", True),
        (r"a\*b", "a*b", True),
        (r"a\*b", "axb", False),
        ("a.b", "axb", False),
        ("(a)+{1}", "(a)+{1}", True),
        ("*\n!README.md", "README.md", False),
        ("*\n!README.md", "main.c", True),
        ("!README.md\n*", "README.md", True),  # the last that matches wins
        ("*.md\n!README*.md\nREADME-secret.md", "README-secret.md", True),
        ("*.md\n!README*.md\nREADME-secret.md", "README.md", False),
        ("vendor\n!vendor/kept", "vendor/kept/a", False),
        ("vendor\n!vendor/kept", "vendor/a", True),
        ("vendor\n!vendor/kept\nvendor", "vendor/kept", False),  # as BuildKit has it: the last line says nothing new
        ("# main.c\n\n  main.h  ", "main.c", False),
        ("# main.c\n\n  main.h  ", "main.h", True),
        ("\ufeffmain.c", "main.c", True),
        (".", "main.c", False),
        ("**", "a/b", True),
        ("résumé*", "résumés", True),
        ("a[[]b", "a[b", True),
    ],
)
def test_patterns_match_as_docker_says(patterns: str, path: str, ignored: bool) -> None:
    assert is_ignored(patterns, path) is ignored


@pytest.mark.parametrize(("patterns", "line"), [("a\n!", 2), ("[", 1), ("a\nb[x", 2)])
def test_a_pattern_that_is_none_is_told_with_its_line(patterns: str, line: int) -> None:
    with pytest.raises(DeliveryError, match=rf"\.dockerignore, line {line}: "):
        ignore_rules(patterns, ".dockerignore")


def test_what_is_taken_back_in_counts_inside_of_an_ignored_folder(tmp_path: Path) -> None:
    for name in ("vendor/deep/kept.txt", "vendor/deep/gone.txt", "other/gone.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("1")
    rules = ignore_rules("vendor\nother\n!**/kept.txt", ".dockerignore")
    before = folder_hash(tmp_path, rules)
    (tmp_path / "vendor/deep/gone.txt").write_text("2")
    (tmp_path / "other/gone.txt").write_text("2")
    assert folder_hash(tmp_path, rules) == before
    (tmp_path / "vendor/deep/kept.txt").write_text("2")
    assert folder_hash(tmp_path, rules) != before
