"""Properties that hold for any input: nothing but `ComposeError` escapes, the same input gives the same project, the
segments of a text are the text, no value of a variable is in an error."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from compose2aws.compose import ComposeError, LoadOptions, Mapping, Node, Position, Project, Scalar, Sequence, load
from compose2aws.compose.commands import split
from compose2aws.compose.dotenv import DotenvError, parse
from compose2aws.compose.provenance import cut, of_segments
from compose2aws.compose.shapes import SERVICE_KEYS
from compose2aws.compose.template import TemplateError, expand, substitute
from compose2aws.compose.units import duration, duration_text
from tests.compose.reference import corpus_files, needs_corpus

# A load takes milliseconds: more examples than elsewhere in the quick run.
MANY = settings(max_examples=max(100, settings.default.max_examples if settings.default else 0))
SECRET = "hunter2-"
ENVIRONMENT = {name: f"{SECRET}{name}" for name in "ABCDE"} | {"HOME": "/home/someone", "PORT": "80", "ON": "yes"}

WORDS = (
    "x", "80:80", "./a:/b", "v:/d", "A=1", "A", "${A}", "${B:-x}", "$$", "${PORT}", "${ON}", "10s", "1g", "service:a",
    "a", "b", "${Z:?no}", "${", "1-3:1-3", "/x", "~", "all", "CMD", "=", ":", "", "a b;c", "  ", "\x00", "é💥",
)  # fmt: skip
KEYS = (
    "a", "b", "A", "type", "source", "target", "path", "file", "service", "condition", "x-y", "hard", "soft", "test",
    "interval", "context", "args", "published", "name", "external", "limits",
)  # fmt: skip
values = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 100_000) | st.floats(allow_nan=False) | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
services = st.dictionaries(st.sampled_from(SERVICE_KEYS), values, max_size=6)
documents = st.fixed_dictionaries(
    {"services": st.dictionaries(st.sampled_from(["a", "b", "x-s", "c.d"]), services | values, max_size=3)},
    optional={
        "networks": values, "volumes": values, "configs": values, "secrets": values, "models": values, "name": values,
        "include": values, "x-top": values, "version": values,
    },
)  # fmt: skip


def read(*texts: str) -> Project | ComposeError:
    """What comes of compose files; anything but a project or a `ComposeError` fails the test."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(texts):
            (Path(folder) / f"{number}.yaml").write_bytes(text.encode("utf-8", "surrogatepass"))
        try:
            return load(
                LoadOptions(
                    files=tuple(f"{number}.yaml" for number in range(len(texts))),
                    working_directory=folder,
                    environment=ENVIRONMENT,
                    project_name="p",
                    profiles=("*",),
                )
            )
        except ComposeError as error:
            return error


def scalars(node: Node) -> Iterator[Scalar]:
    if isinstance(node, Scalar):
        yield node
    elif isinstance(node, Sequence):
        if node.unsplit is not None:
            yield node.unsplit
        for item in node.items:
            yield from scalars(item)
    else:
        for value in node.entries.values():
            yield from scalars(value)


def check(result: Project | ComposeError) -> None:
    """What holds for every result."""
    if isinstance(result, ComposeError):
        assert result.diagnostics
        assert not any(SECRET in diagnostic.message for diagnostic in result.diagnostics)
        return
    for scalar in scalars(result.root):
        if scalar.segments and isinstance(scalar.value, str):
            assert "".join(segment.text for segment in scalar.segments) == scalar.value
    for warning in result.warnings:
        assert SECRET not in warning.message
    assert SECRET not in repr(result.facts)


@MANY
@given(documents)
def test_any_document_is_read_or_refused(document: dict[str, object]) -> None:
    check(read(yaml.safe_dump(document)))


@MANY
@given(documents, documents)
def test_any_two_documents_are_merged_or_refused(first: dict[str, object], second: dict[str, object]) -> None:
    check(read(yaml.safe_dump(first), yaml.safe_dump(second)))


@MANY
@given(st.text(max_size=200) | st.text(alphabet="ab:-[]{}#&*!|>'\"\n ,?%@`$<", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    check(read(text))


@MANY
@given(documents)
def test_the_same_input_gives_the_same_project(document: dict[str, object]) -> None:
    text = yaml.safe_dump(document)
    first, second = read(text), read(text)
    if isinstance(first, Project):
        assert isinstance(second, Project)
        assert repr(first.root).replace(first.folder, "") == repr(second.root).replace(second.folder, "")


@needs_corpus
@MANY
@given(st.randoms(use_true_random=False))
def test_mutated_files_of_the_corpus_are_read_or_refused(random_: random.Random) -> None:
    lines = random_.choice(corpus_files()).read_text("utf-8").splitlines()[:120]
    for _ in range(random_.randint(1, 5)):
        at = random_.randrange(len(lines))
        line = lines[at]
        lines[at] = random_.choice(
            [
                line[: random_.randint(0, len(line))],
                line.replace(":", random_.choice(["", "::", ": -", ": [", ": {"]), 1),
                line.replace('"', "", 1),
                "  " + line,
                line.lstrip(),
                line + random_.choice([" ${A:-", " *x", " &y", " !reset", " !override null", "\t", " # ", "}", "\x07"]),
                line + line,
                "- " + line,
            ]
        )
    check(read("\n".join(lines)))


templates = st.text(alphabet="ab$${}:-+?A_ \n", max_size=30)


@MANY
@given(templates)
def test_segments_joined_are_the_text(template: str) -> None:
    environment = {"A": "1", "b": "", "a": "x$y"}
    try:
        text = substitute(template, environment.get)
    except TemplateError:
        return
    segments = expand(template, environment.get)
    assert "".join(segment.text for segment in segments) == text
    assert of_segments(segments, Position("f", 1, 1)).text == text


@MANY
@given(templates, st.integers(0, 30), st.integers(0, 30))
def test_cutting_cuts_the_segments_as_the_text(template: str, start: int, stop: int) -> None:
    try:
        scalar = of_segments(expand(template, {"A": "12", "a": "3"}.get), Position("f", 1, 1))
    except TemplateError:
        return
    piece = cut(scalar, start, max(start, stop))
    assert piece.value == scalar.text[start : max(start, stop)]
    assert "".join(part.text for part in piece.parts) == piece.value


@MANY
@given(st.text(alphabet="ab \\'\"$();|\n\t`", max_size=30), st.booleans())
def test_words_of_a_command_keep_their_segments(line: str, variable: bool) -> None:
    text = f"{line} ${{A}}" if variable else line
    scalar = of_segments(expand(text.replace("$(", "("), {"A": "v w"}.get) if _valid(text) else [], Position("f", 1, 1))
    try:
        words = split(scalar).words
    except ValueError:
        return
    for word in words:
        assert "".join(part.text for part in word.parts) == word.value


def _valid(text: str) -> bool:
    try:
        expand(text.replace("$(", "("), {"A": "v w"}.get)
    except TemplateError:
        return False
    return True


@MANY
@given(st.text(max_size=60) | st.text(alphabet="AB=:'\"\\\n #${}x\t", max_size=40))
def test_any_env_file_is_read_or_refused(text: str) -> None:
    try:
        found = parse(text, ".env", {"A": "1"}.get)
    except DotenvError as error:
        assert error.line >= 1
        return
    assert all(isinstance(scalar.value, str) for scalar in found.values())


@MANY
@given(st.integers(-(10**15), 10**15))
def test_a_written_duration_is_read_back(nanoseconds: int) -> None:
    assert duration(duration_text(nanoseconds)) == nanoseconds


@MANY
@given(documents)
def test_every_mapping_knows_where_its_keys_stand(document: dict[str, object]) -> None:
    result = read(yaml.safe_dump(document))
    if isinstance(result, Project):
        _check_keys(result.root)


def _check_keys(node: Node) -> None:
    if isinstance(node, Mapping):
        assert set(node.keys) <= set(node.entries)
        for value in node.entries.values():
            _check_keys(value)
    elif isinstance(node, Sequence):
        for item in node.items:
            _check_keys(item)
