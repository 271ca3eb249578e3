"""The examples are real projects: their code compiles, and Docker Compose accepts their files."""

import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"

# Each line is what one `docker compose` command would be given.
PROJECTS = [
    ("nexiom", "docker-compose.yml"),
    ("nexiom", "docker-compose.yml", "compose.aws.yaml"),
    ("lambda-lite/infra", "docker-compose.yml"),
    ("sports-analytics", "docker-compose.yml"),
    ("sports-analytics", "docker-compose.yml", "compose.aws.yaml"),
    ("guestbook", "compose.yaml"),
    ("guestbook", "compose.yaml", "compose.aws.yaml"),
    ("edgechat", "docker-compose.yml"),
    ("edgechat", "docker-compose.yml", "compose.aws.yaml"),
    ("fastapi-db", "docker-compose.yml"),
    ("fastapi-db", "docker-compose.prod.yml"),
    ("fastapi-db", "docker-compose.yml", "docker-compose.prod.yml"),
    ("fastapi-db", "docker-compose.prod.yml", "compose.aws.yaml"),
]

PYTHON = sorted(EXAMPLES.rglob("*.py"))


def reference() -> Path | None:
    """The docker-compose binary, where the package that carries it is installed."""
    spec = find_spec("compose")
    if spec is None or spec.origin is None:
        return None
    binary = Path(spec.origin).with_name("docker-compose")
    return binary if os.access(binary, os.X_OK) else None


def config(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    binary = reference()
    if binary is None:
        pytest.skip("the docker-compose binary is not installed")
    return subprocess.run(
        [binary, "--env-file", ".env.example", *arguments],
        check=False,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "HOME": str(folder)},
        capture_output=True,
        text=True,
        timeout=60,
    )


def files(names: tuple[str, ...]) -> list[str]:
    return [part for name in names for part in ("-f", name)]


@pytest.mark.parametrize("path", PYTHON, ids=lambda path: path.relative_to(EXAMPLES).as_posix())
def test_python_compiles(path: Path) -> None:
    compile(path.read_text(encoding="utf-8"), str(path), "exec", dont_inherit=True)


@pytest.mark.parametrize("project", PROJECTS, ids=" ".join)
def test_compose_accepts(project: tuple[str, ...]) -> None:
    folder, *names = project
    result = config(EXAMPLES / folder, *files(tuple(names)), "config", "--quiet")
    # Nothing on stderr either: .env.example names every variable that the files ask for.
    assert (result.returncode, result.stderr) == (0, "")


def test_fastapi_db_is_the_same_alone_and_merged() -> None:
    folder = EXAMPLES / "fastapi-db"
    alone = config(folder, *files(("docker-compose.prod.yml",)), "config")
    merged = config(folder, *files(("docker-compose.yml", "docker-compose.prod.yml")), "config")
    assert alone.stdout == merged.stdout != ""


def test_every_compose_file_is_checked() -> None:
    found = {path for pattern in ("docker-compose*.yml", "compose*.yaml") for path in EXAMPLES.rglob(pattern)}
    assert found == {EXAMPLES / folder / name for folder, *names in PROJECTS for name in names}
