"""Which texts say the same, each of what it stands on."""

from __future__ import annotations

import re

from compose2aws.compose.node import Path

_SECTIONS = {
    "services": "SERVICE",
    "networks": "NETWORK",
    "volumes": "VOLUME",
    "configs": "CONFIG",
    "secrets": "SECRET",
}


def unnamed(text: str, path: Path | None) -> str:
    """The text with what names its own place left open (`SERVICE writes to a volume`): two that are equal so say the
    same, each of itself."""
    names = _own_names(path)
    if not names:
        return text
    longest_first = sorted(names, key=len, reverse=True)
    own = re.compile(rf"(?<![\w.-])(?:{'|'.join(map(re.escape, longest_first))})(?![\w-])")
    return own.sub(lambda match: names[match[0]], text)


def _own_names(path: Path | None) -> dict[str, str]:
    """The names in a finding's own path, and the words that stand for them."""
    if not path:
        return {}
    own = {step: "NAME" for step in path[2:][-1:] if isinstance(step, str)}
    if path[0] in _SECTIONS and len(path) > 1:
        own[str(path[1])] = _SECTIONS[str(path[0])]
    return {name: word for name, word in own.items() if name}
