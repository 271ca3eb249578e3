"""What a rehearsal tells: a line a scene, and a line a reference of the compose file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from compose2aws.report.difference import difference_text

if TYPE_CHECKING:
    from compose2aws.rehearsal.performance import Scene


def scene_text(scene: Scene) -> str:
    """A scene as text: its title, its lines, its references, and what its change was."""
    lines = [f"✓ {scene.title}"]
    lines += [f"    {line}" for line in scene.lines]
    width = max((len(f"{one.client} → {one.server}") for one in scene.references), default=0)
    for one in scene.references:
        login = "" if one.login is None else ", login"
        lines.append(f"    {f'{one.client} → {one.server}':{width}}  name, port, security groups{login}: fine")
        lines.append(f"    {'':{width}}  {one.address}")
    if scene.title == "Connected" and not scene.references:
        lines.append("    no service of the file names another")
    if scene.differences:
        lines += [f"    {line}".rstrip() for line in difference_text(scene.differences, width=76).splitlines()]
    return "\n".join(lines)
