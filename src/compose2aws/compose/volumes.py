"""The short form of a mount: `[SOURCE:]TARGET[:OPTIONS]`, with Windows drives.

Compose Specification, services, "volumes", "Short syntax".
"""

from __future__ import annotations

import posixpath

from compose2aws.compose.node import Mapping, Node, Scalar
from compose2aws.compose.provenance import cut, with_text

_PROPAGATIONS = frozenset({"rprivate", "private", "rshared", "shared", "rslave", "slave"})
_SELINUX = frozenset({"z", "Z"})


def parse(spec: Scalar) -> Mapping:
    """The long form of a short one. Raises `ValueError` with a sentence that says what is wrong."""
    text = spec.text
    position = spec.position
    if not text:
        raise ValueError("the mount is empty")
    entries: dict[str, Node] = {"type": Scalar("volume", position)}
    if len(text) <= 2:
        entries["target"] = spec
        return Mapping(entries, position, dict.fromkeys(entries, position))
    sections = _sections(text)
    if any(start == end for start, end in sections):
        raise ValueError("a part between the colons is empty")
    if len(sections) > 3:
        raise ValueError("there are too many colons")
    parts = [cut(spec, start, end) for start, end in sections]
    details: dict[str, Node] = {}
    kind = "volume"
    if len(parts) == 1:
        entries["target"] = parts[0]
    else:
        kind = "bind" if is_path(parts[0].text) else "volume"
        entries["type"] = Scalar(kind, position)
        entries["source"], entries["target"] = parts[0], parts[1]
    if kind == "bind":
        details["create_host_path"] = Scalar(True, position)
    extra: dict[str, dict[str, Node]] = {kind: details}
    for option in parts[2].text.split(",") if len(parts) == 3 else ():
        _apply(option, parts[2], entries, extra)
    for name in ("bind", "volume"):
        if name in extra:
            entries[name] = Mapping(extra[name], position, dict.fromkeys(extra[name], position))
    return Mapping(entries, position, dict.fromkeys(entries, position))


def _apply(option: str, part: Scalar, entries: dict[str, Node], extra: dict[str, dict[str, Node]]) -> None:
    """What one option says; an unknown one says nothing, as in the reference."""
    if option in ("ro", "rw"):
        entries["read_only"] = Scalar(option == "ro", part.position, part.segments)
    elif option == "nocopy":
        extra["volume"] = {"nocopy": Scalar(True, part.position, part.segments)}
    elif option in _PROPAGATIONS:
        extra.setdefault("bind", {})["propagation"] = Scalar(option, part.position, part.segments)
    elif option in _SELINUX:
        extra.setdefault("bind", {})["selinux"] = Scalar(option, part.position, part.segments)


def _sections(text: str) -> list[tuple[int, int]]:
    """Where the parts between colons stand; a colon after one letter is a drive's, one inside `${…}` a default's."""
    found: list[tuple[int, int]] = []
    start = depth = 0
    for at, char in enumerate(text):
        if char == "$" and text[at + 1 : at + 2] == "{":
            depth += 1
        elif char == "}" and depth:
            depth -= 1
        elif char == ":" and not depth and not (at - start == 1 and text[start].isalpha()):
            found.append((start, at))
            start = at + 1
    found.append((start, len(text)))
    return found


def is_path(source: str) -> bool:
    """Whether a mount's source is a path of the host and not a volume's name."""
    if not source:
        return False
    if source[0] in "./~" or source.startswith("\\\\"):
        return True
    return len(source) > 1 and source[0].isalpha() and source[1] == ":"


def clean(path: str) -> str:
    """A path without `.`, `..` and doubled slashes (`.` for an empty one)."""
    cleaned = posixpath.normpath(path) if path else "."
    return cleaned[1:] if cleaned.startswith("//") else cleaned


def clean_target(mount: Mapping) -> Mapping:
    """The mount with its target cleaned."""
    target = mount.entries.get("target")
    if not isinstance(target, Scalar) or not isinstance(target.value, str) or not target.value:
        return mount
    cleaned = with_text(target, clean(target.value))
    return mount if cleaned is target else Mapping({**mount.entries, "target": cleaned}, mount.position, mount.keys)
