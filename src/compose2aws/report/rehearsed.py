"""What a rehearsal tells: a line a scene, and two a reference of the compose file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from compose2aws.report.difference import difference_text

if TYPE_CHECKING:
    from compose2aws.rehearsal.performance import Scene


def scene_text(scene: Scene, *, colour: bool = False) -> str:
    """A scene as text: its title, its lines, its references, and what its change was."""
    lines = [f"{click.style('✓', fg='green')} {click.style(scene.title, bold=True)}"]
    lines += [f"    {line}" for line in scene.lines]
    width = max((len(f"{one.client} → {one.server}") for one in scene.references), default=0)
    for one in scene.references:
        login = ", login" if one.login else ""
        lines.append(f"    {f'{one.client} → {one.server}':{width}}  name, port, security groups{login}: fine")
        lines.append(f"        {one.address}")
    if scene.differences:
        told = difference_text(scene.differences, width=76, colour=colour)
        lines += [f"    {line}".rstrip() for line in told.splitlines()]
    text = "\n".join(lines)
    return text if colour else click.unstyle(text)
