"""The recorded runs of the reference: each row's input gives the row's output, or is refused where it was."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from compose2aws.compose import ComposeError, LoadOptions, Position, Scalar, canonical, plain, ports, shapes, volumes
from compose2aws.compose.decoding import decode
from compose2aws.compose.discovery import Selection
from compose2aws.compose.dotenv import DotenvError, parse
from compose2aws.compose.forms import long_forms
from compose2aws.compose.journal import Journal
from compose2aws.compose.loader import load_selection
from compose2aws.compose.merge import merge
from compose2aws.compose.node import Node
from compose2aws.compose.reading import Place, Stages
from compose2aws.compose.schema import accepts
from compose2aws.compose.sources import source
from compose2aws.compose.template import TemplateError, substitute
from compose2aws.compose.uniqueness import unique
from tests.compose.reference import CONFORMANCE, differences, needs_conformance

pytestmark = needs_conformance

HERE = Position("recorded", 1, 1)
NO_ANSWER = object()

# Rows of loader.Load that are not taken over; docs/compose-support.md gives the reasons.
NOT_TAKEN_OVER = {
    "loader.TestLoadIncludeExtendsCombined",
    "loader.TestXService",
    "loader.TestLoadWithRemoteResources",
    "loader.TestLoadWithNestedResources",
    "loader.TestVisitCounterLimit",
    "tests.TestBlkioConfig",
}


def rows(name: str) -> Iterator[dict[str, Any]]:
    path = CONFORMANCE / name
    text = gzip.decompress(path.read_bytes()).decode() if name.endswith(".gz") else path.read_text("utf-8")
    for line in text.splitlines():
        yield json.loads(line)


def failures(name: str, answer: Callable[[Any], Any], expected: Callable[[Any], Any] = lambda out: out) -> list[str]:
    """The rows of a file for which `answer` gives something else; `NO_ANSWER` is a refusal."""
    found: list[str] = []
    for row in rows(name):
        got = answer(row["in"])
        wanted = NO_ANSWER if row["err"] else expected(row["out"])
        if (got is NO_ANSWER) != (wanted is NO_ANSWER) or (wanted is not NO_ANSWER and got != wanted):
            found.append(f"{row['test']}: {json.dumps(row['in'])[:300]} gives {got!r}, {wanted!r} is wanted")
    return found


def test_interpolation_gives_the_recorded_texts() -> None:
    def answer(given: dict[str, Any]) -> object:
        try:
            return substitute(given["template"], given["env"].get)
        except TemplateError:
            return NO_ANSWER

    assert failures("template.Substitute.jsonl", answer) == []


def test_env_files_give_the_recorded_variables() -> None:
    def answer(given: dict[str, Any]) -> object:
        before = {name: Scalar(text, HERE) for name, text in given["vars_before"].items()}
        try:
            found = parse(given["src"], ".env", given["lookup"].get, before.get)
        except DotenvError:
            return NO_ANSWER
        return {**given["vars_before"], **{name: scalar.text for name, scalar in found.items()}}

    assert failures("dotenv.parse.jsonl", answer) == []


def test_short_mounts_give_the_recorded_long_forms() -> None:
    def answer(given: str) -> object:
        try:
            return _mount(plain(volumes.parse(Scalar(given, HERE))))
        except ValueError:
            return NO_ANSWER

    assert failures("format.ParseVolume.jsonl", answer, _mount) == []


def _mount(mount: Any) -> Any:
    """A mount without what is the default."""
    mount = dict(mount)
    if mount.get("read_only") is False:
        del mount["read_only"]
    if "bind" in mount:
        mount["bind"] = {key: value for key, value in mount["bind"].items() if key != "create_host_path"}
    return mount


def test_short_ports_give_the_recorded_long_forms() -> None:
    def answer(given: str) -> object:
        try:
            return [plain(port) for port in ports.parse(Scalar(given, HERE))]
        except ValueError:
            return NO_ANSWER

    assert failures("types.ParsePortConfig.jsonl", answer) == []


def test_merged_files_are_the_recorded_ones() -> None:
    found: list[str] = []
    for row in json.loads((CONFORMANCE / "merge_triples.json").read_text("utf-8")):
        journal = Journal()
        base, over, wanted = (decode(row[name], name, journal)[0].root for name in ("base", "override", "expected"))
        found += differences(_final(unique(merge(base, over, journal))), _final(wanted), row["test"])
        found += [error.message for error in journal.errors]
    assert found == []


def _final(node: Node) -> object:
    journal = Journal()
    shaped = shapes.PROJECT(unique(long_forms(node, journal)), (), journal)
    assert shaped is not None
    return plain(shaped)


def test_the_schema_accepts_what_was_accepted() -> None:
    assert failures("schema.Validate.jsonl.gz", lambda given: accepts(given) or NO_ANSWER, lambda _: True) == []


def test_loads_give_the_recorded_projects(tmp_path: Path) -> None:
    found: dict[str, list[str]] = {}
    for number, row in enumerate(rows("loader.Load.jsonl.gz")):
        lines = _load_differences(row, tmp_path / str(number))
        if lines:
            found.setdefault(row["test"], []).extend(lines)
    assert {test: lines for test, lines in found.items() if test not in NOT_TAKEN_OVER} == {}
    assert set(found) == NOT_TAKEN_OVER


def _load_differences(row: dict[str, Any], root: Path) -> list[str]:
    text = json.dumps(row).replace("/COMPOSE_GO", f"{root}/compose-go").replace("/TMPDIR", f"{root}/tmp")
    row = json.loads(text)
    given, options = row["in"], row["in"]["options"]
    working = root / "compose-go" / "loader"
    stdin = None
    for name, content in given["files_read"].items():
        _put(root, working, name, content)
    for number, file in enumerate(given["config_files"]):
        file["filename"] = file["filename"] or f"unnamed{number}.yaml"
        if file["filename"] == "-":
            stdin = file["content"]
        else:
            _put(root, working, file["filename"], file["content"])
    asked = options["projectNameImperativelySet"]
    folder = str((working / given["working_dir"]).resolve())
    selection = Selection(
        files=tuple(source(file["filename"], str(working)) for file in given["config_files"]),
        folder=folder,
        # The recorded calls stand below the command line, which alone reads this one.
        environment={key: text for key, text in given["environment"].items() if key != "COMPOSE_PROJECT_NAME"},
        profiles=tuple(options["Profiles"] or ()),
        fallback_name="" if asked else options["projectName"],
    )
    stages = Stages(
        interpolate=not options["SkipInterpolation"],
        validate=not options["SkipValidation"],
        resolve_paths=options["ResolvePaths"],
        normalize=not options["SkipNormalization"],
        consistency=not options["SkipConsistencyCheck"],
        keep_file_lists=not options["discardEnvFiles"],
        services=tuple(options["SelectedServices"] or ()),
    )
    load_options = LoadOptions(
        project_name=options["projectName"] if asked else None, working_directory=str(working), stdin=stdin
    )
    try:
        project = load_selection(selection, load_options, Journal(), stages, Place(folder, given["working_dir"]))
    except ComposeError as error:
        return [] if row["err"] else [f"refused: {error.diagnostics[0]}"]
    if row["err"]:
        return [f"accepted, where the reference says: {row['err']}"]
    if isinstance(row["out"], str):
        return []  # The reference loads it and fails to print it.
    ours = canonical(project, extensions=False, pruned=options["Prune"])
    return list(differences(_recorded_form(ours), _recorded_form(row["out"])))


def _put(root: Path, working: Path, name: str, content: str) -> None:
    path = working / name
    if path.is_relative_to(root):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")


def _recorded_form(config: Any) -> Any:
    """Without the models, which the reference's JSON leaves out, and the contents of secrets, which we never print."""
    config = json.loads(json.dumps(config))
    config.pop("models", None)
    for secret in (config.get("secrets") or {}).values():
        secret.pop("content", None)
    return config


def test_the_full_example_is_equal(tmp_path: Path) -> None:
    folder = CONFORMANCE / "full-example"
    home = "/home/someone"
    selection = Selection(
        files=(source("full-example.yml", str(folder)),),
        folder=str(folder),
        environment={"HOME": home, "BAR": "this is a secret", "QUX": "qux_from_environment"},
        profiles=(),
        fallback_name="",
    )
    stages = Stages(normalize=False, consistency=False, keep_file_lists=True)
    project = load_selection(selection, LoadOptions(working_directory=str(folder)), Journal(), stages)
    text = json.dumps(_recorded_form(canonical(project, extensions=False)))
    ours = json.loads(text)
    wanted = json.loads((folder / "expected.json").read_text("utf-8"))
    assert list(differences(_masked(ours, str(folder), home), _recorded_form(wanted))) == []


def _masked(value: Any, folder: str, home: str) -> Any:
    """Paths of the two folders as the recording has them: masked to their ends."""
    if isinstance(value, str):
        for path, mask in ((folder, "@WORKDIR@"), (str(Path(folder).parent), "@WORKDIR@"), (home, "@HOME@")):
            if value.startswith(path):
                return mask
        return value
    if isinstance(value, list):
        return [_masked(item, folder, home) for item in value]
    if isinstance(value, dict):
        return {key: _masked(item, folder, home) for key, item in value.items()}
    return value
