"""What a project's author might write in `x-aws`, made of what was found in that project: a snippet to be copied.

The findings themselves say it: a remedy that holds `x-aws: {KEY: VALUE}` and belongs to this project becomes a line.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import PurePath

from compose2aws.compose.node import find
from compose2aws.compose.project import Project
from compose2aws.planning.ledger import Finding
from compose2aws.planning.model import Plan, Service

OWN_FILE = "compose.aws.yaml"
_SETTING = re.compile(r"x-aws: \{(?P<key>[\w-]+): ")
_PLAIN = re.compile(r"(?!(?:y|n|yes|no|on|off|true|false|null)$)[A-Za-z_][A-Za-z0-9_.-]*", re.IGNORECASE)
_SAMPLES = {
    "domain": ("example.com", "https://SERVICE.example.com, with a certificate"),
    "alarms": ("ops@example.com", "who is told when something fails"),
}
_TIERS = {
    "production": "or development: small, cheap, the same shape",
    "development": "or production: two zones, long backups",
}


def snippet(plan: Plan, project: Project, findings: Sequence[Finding], width: int = 80) -> list[str]:
    """Lines of a compose file, of at most `width` characters where its names are not longer; none where nothing is to
    be written."""
    top = _top(plan, project, findings)
    size = max((len(line) for line, _ in top), default=0)
    lines = ["x-aws:"] if top else []
    for line, why in top:
        lines += _commented(f"  {line.ljust(size)}", why, width)
    services = _services(plan, project, findings)
    if services:
        lines.append("services:")
    for name, (setting, why) in services.items():
        lines += [f"  {_key(name)}:", *_commented(f"    x-aws: {{{setting}}}", why, width)]
    return lines


def _commented(line: str, why: str, width: int) -> list[str]:
    """The line with its reason behind it, or above it where that is too long."""
    if len(line) + len(why) + 4 <= width:
        return [f"{line}  # {why}"]
    indent = " " * (len(line) - len(line.lstrip()))
    return [f"{indent}# {why}", line.rstrip()]


def where_written(plan: Plan) -> str:
    """The file in which the snippet belongs."""
    if not plan.files or plan.files[0] == "<stdin>":
        return "in the compose file"
    names = [PurePath(file).name for file in plan.files]
    return f"in {OWN_FILE}" if OWN_FILE in names else f"in {OWN_FILE} beside {names[0]}, which is read too"


def _top(plan: Plan, project: Project, findings: Sequence[Finding]) -> list[tuple[str, str]]:
    asked = {match["key"] for finding in findings for match in _SETTING.finditer(finding.remedy)}
    lines = [(f"{key}: {value}", why) for key, (value, why) in _SAMPLES.items() if key in asked]
    if find(project.root, ("x-aws", "tier")) is None:
        lines.append((f"tier: {plan.tier}", _TIERS[plan.tier]))
    return lines


def _services(plan: Plan, project: Project, findings: Sequence[Finding]) -> dict[str, tuple[str, str]]:
    told: dict[str, tuple[str, str]] = {}
    for finding in findings:
        keys = {match["key"] for match in _SETTING.finditer(finding.remedy)}
        if finding.severity == "error" and "managed" in keys:
            told |= dict.fromkeys(_moved(plan, finding), ("managed: false", "stays a container: see the errors above"))
    if not plan.urls:
        candidates = _publishable(plan, project, findings)
        if len(candidates) == 1:
            told.setdefault(candidates[0], ("public: true", "publishes its ports on the internet"))
    return told


def _moved(plan: Plan, finding: Finding) -> list[str]:
    """The managed service that a finding means: the one on which it stands, else the only one that it names, or all
    that are one set."""
    names = [item.service for item in plan.managed]
    own = str(finding.path[1]) if finding.path and finding.path[0] == "services" else ""
    if own in names:
        return [own]
    named = [
        n for n in names if re.search(rf"(?<![\w.-]){re.escape(n)}(?![\w-])", f"{finding.message} {finding.remedy}")
    ]
    return named if len(named) == 1 or finding.code == "set-of-servers" else []


def _publishable(plan: Plan, project: Project, findings: Sequence[Finding]) -> list[str]:
    """Services that the compose file publishes on the own machine alone; else those that it exposes; else those that
    listen on a port."""
    services = [workload for workload in plan.workloads if isinstance(workload, Service)]
    local = [str(f.path[1]) for f in findings if f.code == "local-port" and f.path]
    exposed = [s.name for s in services if find(project.root, ("services", s.name, "expose", 0)) is not None]
    listening = [s.name for s in services if any(container.ports for container in s.task.containers)]
    return list(dict.fromkeys(local or exposed or listening))


def _key(name: str) -> str:
    return name if _PLAIN.fullmatch(name) else json.dumps(name, ensure_ascii=False)
