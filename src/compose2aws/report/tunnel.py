"""What one needs to know to use a tunnel."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from compose2aws.delivery.tunnel import Tunnel


def tunnel_text(tunnel: Tunnel, password_command: str | None) -> str:
    """Where to connect to and as whom, and the command that prints the password, which is never shown itself. That
    command is one line whatever its length: it is there to be copied."""
    managed = tunnel.managed
    kind = f" ({managed.kind})" if managed else ""
    rows = [("host", "127.0.0.1"), ("port", str(tunnel.local))]
    if managed:
        rows += [("user", managed.user or ""), ("database", managed.database or "")]
        rows += [("TLS name", managed.host or "")]
    lines = [click.style(f"{tunnel.service}{kind}, through a task of {tunnel.task.workload.label}:", bold=True)]
    lines += [f"  {name.ljust(8)}  {value}" for name, value in rows if value]
    if password_command:
        lines += ["  password  is in the secret that this prints:", f"    {password_command}"]
    lines.append("Ctrl-C closes it.")
    return "\n".join(lines)
