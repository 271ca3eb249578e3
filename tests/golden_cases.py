"""The golden cases: a compose file, the templates and the ledger that it becomes, side by side for a person to read.

`make golden` rewrites the expected files; a reviewer reads the difference.
"""

from __future__ import annotations

from pathlib import Path

from compose2aws.catalog import load_catalog
from compose2aws.cloudformation import emit, render
from compose2aws.compose import LoadOptions, Project, load
from compose2aws.planning.ledger import people_path
from compose2aws.planning.model import Plan
from compose2aws.planning.planner import plan

GOLDEN = Path(__file__).parent / "golden"
LEDGER = "ledger.txt"


def cases() -> list[Path]:
    """The folders of the cases, by name."""
    return sorted(folder for folder in GOLDEN.iterdir() if (folder / "compose.yaml").is_file())


def read_plan(folder: Path, tier: str | None = None) -> Plan:
    """The plan of a case; its environment is empty but for its own `.env`."""
    return plan(read_project(folder), load_catalog(), tier)


def read_project(folder: Path) -> Project:
    """The project of a case: named by its file, else by its folder."""
    return load(LoadOptions(files=("compose.yaml",), working_directory=str(folder), required_variables="hole"))


def produce(folder: Path) -> dict[str, str]:
    """The files that are expected beside the case's compose file, by name. A refused case has a ledger and nothing
    else, as `synth` writes nothing."""
    made = read_plan(folder)
    expected = {LEDGER: ledger_text(made)}
    if not any(decision.outcome == "refused" for decision in made.decisions):
        prefix = f"{made.project}-"
        for name, content in render(emit(made), "yaml").items():
            expected[name.removeprefix(prefix)] = content.decode()
    expected.pop("manifest.json", None)
    return expected


def ledger_text(made: Plan) -> str:
    """Every decision and finding as lines that a person can read."""
    lines = []
    for decision in made.decisions:
        place = decision.position
        lines.append(f"{place.line if place else '-'}: {people_path(decision.path)}: {decision.outcome}")
        lines += [f"    becomes {id_}" for id_ in decision.becomes]
        if decision.code or decision.reason:
            lines.append(f"    because {decision.reason}" + (f" [{decision.code}]" if decision.code else ""))
    lines.append("")
    for finding in made.findings:
        place = finding.position
        lines.append(f"{finding.severity} {finding.code}" + (f" at line {place.line}" if place else ""))
        lines.append(f"    {finding.message}")
        if finding.remedy:
            lines.append(f"    → {finding.remedy}")
    return "\n".join(lines).rstrip("\n") + "\n"


def main() -> None:
    for folder in cases():
        expected = produce(folder)
        for file in folder.glob("*"):
            if file.name.endswith((".template.yaml", ".txt")) or file.name == "images.bake.json":
                file.unlink()
        for name, content in expected.items():
            if name != "images.bake.json" or '"target": {}' not in content:
                (folder / name).write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main()
