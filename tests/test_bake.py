"""The bake file builds what the reference would build: the same contexts, Dockerfiles, stages, arguments, options.

What is ours on purpose and not compared:

- `tags`, `output`, `attest`: images go to a repository of the project, tagged by `deploy`, without attestations;
- an argument whose value may be a secret: its value is a variable of the build's environment, not text of the file;
- the argument SOURCE_DATE_EPOCH, which makes the same input the same image;
- labels `com.docker.compose.*`, by which Compose knows its own images;
- `platforms`: the reference builds all that the file names, we build the one that the task runs on;
- a target that lays mounted files over the image that the service builds: the target below it is the service's.
"""

from __future__ import annotations

import json
import os
import posixpath
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from compose2aws.catalog import Catalog, load_catalog
from compose2aws.cloudformation import emit
from compose2aws.compose import LoadOptions, load
from compose2aws.compose.project import ComposeError
from compose2aws.planning.planner import plan
from tests.compose.reference import binary, corpus_files, needs_binary, needs_corpus
from tests.golden_cases import cases

EXAMPLES = Path(__file__).parent.parent / "examples"
SYSTEMS = [
    ("nexiom", "docker-compose.yml"),
    ("lambda-lite/infra", "docker-compose.yml"),
    ("sports-analytics", "docker-compose.yml"),
    ("edgechat", "docker-compose.yml"),
    ("fastapi-db", "docker-compose.yml"),
    ("fastapi-db", "docker-compose.prod.yml"),
]
GOLDEN = [folder for folder in cases() if re.search(r"^\s+build:", (folder / "compose.yaml").read_text(), re.M)]
BUILDING = [file for file in corpus_files() if re.search(r"^\s+build:", file.read_text("utf-8", "replace"), re.M)]
SECONDS = 60


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


def reference_bake(folder: Path, file: str) -> dict[str, Any] | None:
    """What the reference would build; None where it does not read the file."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    arguments = ["--profile", "*", "-p", "project", "-f", file, "build", "--print"]
    ran = subprocess.run(
        [str(binary()), *arguments],
        check=False,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    if ran.returncode or not ran.stdout.strip():
        return None
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def our_bake(folder: Path, file: str, catalog: Catalog) -> dict[str, Any] | None:
    """What we would build; None where the project is refused, which has no bake file."""
    options = LoadOptions(
        files=(file,),
        project_name="project",
        profiles=("*",),
        working_directory=str(folder),
        required_variables="hole",
    )
    made = plan(load(options), catalog)
    if any(decision.outcome == "refused" for decision in made.decisions):
        return None
    return emit(made).bake or {"target": {}}


def built(bake: dict[str, Any], service: str) -> dict[str, Any] | None:
    """The target that builds a service's own Dockerfile, below what is derived from it."""
    target: dict[str, Any] | None = bake["target"].get(service)
    if target and re.match(r"# syntax=.*\nFROM base\n", target.get("dockerfile-inline", "")):
        below: dict[str, Any] = bake["target"][target["contexts"]["base"].removeprefix("target:")]
        return below
    return target


def differences(reference: dict[str, Any], ours: dict[str, Any], folder: Path) -> list[str]:
    """Where both say something and it is not the same."""
    found = []
    for service, theirs in reference["target"].items():
        mine = built(ours, service)
        if mine is None:
            found.append(f"{service} is not built")
            continue
        context = _place(str(folder), mine["context"])
        pairs: dict[str, tuple[Any, Any]] = {
            "context": (_place(str(folder), theirs["context"]), context),
            "target": (theirs.get("target"), mine.get("target")),
            "dockerfile-inline": (theirs.get("dockerfile-inline"), mine.get("dockerfile-inline")),
        }
        if "dockerfile" in mine and "dockerfile-inline" not in mine:
            dockerfile = _place(theirs["context"], theirs.get("dockerfile", "Dockerfile"))
            pairs["dockerfile"] = (dockerfile, _place(context, mine["dockerfile"]))
        if "platforms" in theirs:
            pairs["platforms"] = (sorted(theirs["platforms"])[:1], sorted(mine["platforms"])[:1])
        for key in ("network", "shm-size", "no-cache", "pull", "extra-hosts", "ulimits", "cache-from", "cache-to"):
            pairs[key] = (theirs.get(key), mine.get(key))
        pairs["entitlements"] = (set(theirs.get("entitlements", ())), set(mine.get("entitlements", ())))
        pairs["labels"] = (_own_labels(theirs), _own_labels(mine))
        pairs["contexts"] = (_contexts(theirs, folder), _contexts(mine, folder))
        pairs["secret"] = (_secrets(theirs, folder), _secrets(mine, folder))
        pairs["ssh"] = (_agents(theirs), _agents(mine))
        values = {name: value for name, value in mine["args"].items() if name != "SOURCE_DATE_EPOCH"}
        # a value that may be a secret stands in the environment of the build and not in the file
        told = {n: v for n, v in values.items() if not re.search(r"(?<!\$)\$\{", v)}
        pairs["args"] = ({n: v for n, v in theirs.get("args", {}).items() if n in told}, told)
        if lost := theirs.get("args", {}).keys() - values.keys():
            found.append(f"{service}: the argument {min(lost)} is not given")
        found += [f"{service}: {key} is {b!r}, not {a!r}" for key, (a, b) in pairs.items() if a != b]
    return found


def _own_labels(target: dict[str, Any]) -> dict[str, str]:
    return {n: v for n, v in target.get("labels", {}).items() if not n.startswith("com.docker.compose.")}


def _agents(target: dict[str, Any]) -> set[str]:
    return {agent.removesuffix("=") for agent in target.get("ssh", ())}


def _contexts(target: dict[str, Any], folder: Path) -> dict[str, str]:
    """The further contexts, without those that mounted files come from."""
    contexts = {n: c for n, c in target.get("contexts", {}).items() if not re.fullmatch(r"files\d+", n)}
    return {name: place if ":" in place else _place(str(folder), place) for name, place in contexts.items()}


def _secrets(target: dict[str, Any], folder: Path) -> list[dict[str, str]]:
    """The secrets of a build by their parts; a part that says what is plain anyway is left out."""
    parts = [dict(part.split("=", 1) for part in secret.split(",")) for secret in target.get("secret", ())]
    for secret in parts:
        secret.pop("type", None)
        if "src" in secret:
            secret["src"] = _place(str(folder), secret["src"])
    return parts


def _place(folder: str, path: str) -> str:
    if "://" in path or path.startswith(("git@", "github.com/")):
        return path
    return os.path.realpath(posixpath.join(folder, path))


@needs_binary
@pytest.mark.parametrize("system", SYSTEMS, ids=" ".join)
def test_examples_are_built_as_the_reference_would(system: tuple[str, str], tmp_path: Path, catalog: Catalog) -> None:
    folder, file = system
    root = tmp_path / "example"
    shutil.copytree(EXAMPLES / Path(folder).parts[0], root, ignore=shutil.ignore_patterns("node_modules"))
    place = root.joinpath(*Path(folder).parts[1:])
    if (place / ".env.example").is_file():
        shutil.copy(place / ".env.example", place / ".env")
    reference = reference_bake(place, file)
    ours = our_bake(place, file, catalog)
    assert reference and ours
    assert differences(reference, ours, place) == []


@needs_binary
@pytest.mark.parametrize("case", GOLDEN, ids=lambda folder: folder.name)
def test_golden_cases_are_built_as_the_reference_would(case: Path, tmp_path: Path, catalog: Catalog) -> None:
    place = tmp_path / case.name
    shutil.copytree(case, place)
    reference = reference_bake(place, "compose.yaml")
    ours = our_bake(place, "compose.yaml", catalog)
    assert reference and ours
    assert differences(reference, ours, place) == []


@needs_binary
@needs_corpus
@pytest.mark.soak
@pytest.mark.parametrize("file", BUILDING, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_real_files_are_built_as_the_reference_would(file: Path, tmp_path: Path, catalog: Catalog) -> None:
    place = tmp_path / "project"
    shutil.copytree(file.parent, place, symlinks=True)
    try:
        ours = our_bake(place, file.name, catalog)
    except ComposeError:
        pytest.skip("it is not read: a file that it names is missing")
    reference = reference_bake(place, file.name)
    if not reference or not ours:
        pytest.skip("one of the two refuses it")
    assert differences(reference, ours, place) == []


def test_a_difference_is_found() -> None:
    theirs = {"target": {"api": {"context": "/p/api", "dockerfile": "Dockerfile", "args": {"A": "1", "B": "2"}}}}
    mine = {
        "context": "web",
        "dockerfile": "Dockerfile.dev",
        "target": "dev",
        "args": {"A": "2"},
        "platforms": ["x"],
        "contexts": {"more": "more"},
        "secret": ["id=token,env=TOKEN"],
        "ssh": ["default"],
        "labels": {"a": "b"},
        "ulimits": ["nofile=1"],
        "entitlements": ["network.host"],
        "pull": True,
    }
    found = differences(theirs, {"target": {"api": mine}}, Path("/p"))
    for key in ("argument B", *(key for key in mine if key != "platforms")):
        assert any(key in text for text in found)
    assert differences(theirs, {"target": {}}, Path("/p")) == ["api is not built"]
