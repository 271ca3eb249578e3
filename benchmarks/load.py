"""How long a load takes: this loader, the reference binary, and PyYAML's C loader alone, in one run.

    python benchmarks/load.py [SERVICES …]

Prints a line a size: seconds (the best of several runs, the wall's) and the growth against the size before. Without the
reference binary (a development dependency) its column is empty.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml

from compose2aws.compose import LoadOptions, canonical, load

SIZES = (5, 200, 1_000)
RUNS = 3
SECONDS = 60


def compose_file(services: int) -> str:
    """A compose file with what services usually have: variables, ports, mounts, limits, a health check."""
    lines = [
        "x-logging: &logging {driver: json-file, options: {max-size: 10m}}",
        "services:",
        "  base: {image: alpine}",
    ]
    for number in range(services):
        lines += [
            f"  service{number}:",
            f"    image: example/service{number}:${{TAG:-latest}}",
            "    environment:",
            f"      DATABASE_URL: postgres://user:${{PASSWORD}}@db:5432/app{number}",
            "      LOG_LEVEL: ${LOG_LEVEL:-info}",
            f"      PORT: {3000 + number}",
            f"    ports: ['{10_000 + number}:3000']",
            f"    volumes: ['data{number}:/data', './conf:/etc/app:ro']",
            "    depends_on: {base: {condition: service_started}}",
            "    command: serve --verbose --name 'a b'",
            "    healthcheck: {test: curl -f http://localhost:3000/health, interval: 10s, retries: 3}",
            "    deploy: {resources: {limits: {cpus: '0.5', memory: 512M}}}",
            "    networks: [front, back]",
            "    logging: *logging",
        ]
    lines += ["networks: {front: , back: }", "volumes:", *(f"  data{number}:" for number in range(services))]
    return "\n".join(lines) + "\n"


def best(run: Callable[[], object]) -> float:
    """The shortest of several runs, in seconds."""
    times: list[float] = []
    for _ in range(RUNS):
        begun = time.perf_counter()
        run()
        times.append(time.perf_counter() - begun)
    return min(times)


def reference() -> Path | None:
    """The reference binary, where it is installed."""
    found = importlib.util.find_spec("compose")
    for folder in (found.submodule_search_locations or []) if found else []:
        if (Path(folder) / "docker-compose").is_file():
            return Path(folder) / "docker-compose"
    return None


def measure(services: int) -> tuple[float, float | None, float]:
    """Seconds of this loader, the reference binary and PyYAML's C loader for a file of so many services."""
    environment = {"PASSWORD": "secret", "HOME": "/"}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "compose.yaml"
        file.write_text(compose_file(services), "utf-8")
        options = LoadOptions(files=(str(file),), environment=environment, working_directory=folder, project_name="p")
        ours = best(lambda: canonical(load(options)))
        binary = reference()
        theirs = None
        if binary is not None:
            command = [str(binary), "-p", "p", "-f", str(file), "config", "--format", "json"]
            theirs = best(
                lambda: subprocess.run(command, capture_output=True, check=True, timeout=SECONDS, env=environment)
            )
        text = file.read_text("utf-8")
        alone = best(lambda: yaml.load(text, yaml.CSafeLoader))
    return ours, theirs, alone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("services", nargs="*", type=int, default=SIZES)
    print(f"{'services':>10}{'this loader':>14}{'reference':>12}{'PyYAML alone':>14}{'growth':>9}")  # noqa: T201
    before: tuple[int, float] | None = None
    for services in parser.parse_args().services:
        ours, theirs, alone = measure(services)
        growth = f"{(ours / before[1]) / (services / before[0]):.2f}" if before else ""
        shown = f"{theirs:.3f}" if theirs is not None else "-"
        print(f"{services:>10}{ours:>14.3f}{shown:>12}{alone:>14.3f}{growth:>9}")  # noqa: T201
        before = (services, ours)


if __name__ == "__main__":
    main()
