"""Compose files of real projects, where they are at hand, furnished with the files and variables that they want."""

from __future__ import annotations

import hashlib
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

_HOLE = re.compile(r"\$\{([^}]+)\}")
_LENGTH = 16


def furnish(blueprint: Path, folder: Path) -> Path:
    """A Dokploy blueprint as that platform would run it: its `.env` and `../files`, made by its template.toml.
    Returns the compose file."""
    shutil.copytree(blueprint, folder / "code")
    template = tomllib.loads((blueprint / "template.toml").read_text())
    config = template.get("config", {})
    environment = _environment(config.get("env", {}))
    # A value may name a variable of the template, one of its neighbours in `.env`, or a helper.
    texts = environment | {name: str(text) for name, text in template.get("variables", {}).items()}
    filled: dict[str, str] = {}

    def fill(text: str, name: str = "") -> str:
        return _HOLE.sub(lambda hole: value(hole[1]) if hole[1] in texts else _made(name, hole[1]), text)

    def value(name: str) -> str:
        if name not in filled:
            filled[name] = ""
            filled[name] = fill(texts[name], name)
        return filled[name]

    lines = [f"{name}='{fill(text)}'\n" for name, text in environment.items()]
    (folder / "code" / ".env").write_text("".join(lines))
    for mount in config.get("mounts", []):
        if "filePath" in mount and "content" in mount:
            path = folder / "files" / mount["filePath"].lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fill(mount["content"]))
    return folder / "code" / "docker-compose.yml"


def _environment(given: Any) -> dict[str, str]:
    if isinstance(given, dict):
        return {name: str(value) for name, value in given.items()}
    lines = [item for entry in given for item in (entry.items() if isinstance(entry, dict) else [entry.split("=", 1)])]
    return {line[0]: str(line[1]) if len(line) > 1 else "" for line in lines}


def _made(name: str, helper: str) -> str:
    """What the platform's helper would make up, the same on every run."""
    made = hashlib.sha256(f"{name} {helper}".encode()).hexdigest()
    kind, _, length = helper.partition(":")
    match kind:
        case "password" | "hash" | "base64" | "jwt":
            return made[: int(length) if length.isdigit() else _LENGTH]
        case "domain":
            return "app.example.com"
        case "email":
            return "someone@example.com"
        case "uuid":
            return f"6e0e1b5c-0000-4000-8000-{made[:12]}"
        case "username":
            return f"user{made[:4]}"
        case "randomPort":
            return "8080"
        case "timestamp":
            return "1700000000"
        case _:
            return f"x{made[:8]}"
