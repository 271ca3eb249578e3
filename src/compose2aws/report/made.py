"""What `synth` made, in a few lines: the files, where the public reaches the system, what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import click

from compose2aws.planning.model import Plan
from compose2aws.report.layout import counted, listed, visible
from compose2aws.report.overview import NOTHING_PUBLIC
from compose2aws.report.route import url_text


def text(
    plan: Plan,
    folder: str,
    files: Sequence[str],
    resources: Mapping[str, int],
    removed: Sequence[str],
    next_steps: Sequence[tuple[str, str]],
) -> str:
    """`resources` counts the resources of each file that is a template, in deploy order; `next_steps` are commands and
    what they do."""
    lines: list[str] = []
    if not plan.urls:
        lines += [NOTHING_PUBLIC, ""]
    lines.append(click.style(f"{plan.project} on AWS ({plan.tier}), in {visible(folder)}:", bold=True))
    size = max(map(len, files), default=0)
    ordered = [*resources, *(name for name in files if name not in resources)]
    lines += [f"  {name.ljust(size)}  {_content(plan, name, resources)}".rstrip() for name in ordered]
    if removed:
        lines.append(f"  (removed, no longer made: {listed(map(visible, removed))})")
    if plan.urls:
        lines += ["", "Public:"]
        size = max(len(url_text(url)) for url in plan.urls)
        lines += [f"  {url_text(url).ljust(size)}  {url.service}" for url in plan.urls]
        if any(url.host is None for url in plan.urls):
            lines.append("  (balancer) is the load balancer's own name, an output of the app stack.")
    lines += ["", "Next:"]
    size = max((len(command) for command, _ in next_steps), default=0)
    lines += [f"  {command.ljust(size)}  {does}" for command, does in next_steps]
    return "\n".join(lines)


def _content(plan: Plan, name: str, resources: Mapping[str, int]) -> str:
    if name in resources:
        return counted(resources[name], "resource")
    if name == "images.bake.json":
        built = listed((image.service for image in plan.images), 6)
        return counted(len(plan.images), "image") + (f": {built}" if built else "")
    return "what deploys need to know" if name == "manifest.json" else ""
