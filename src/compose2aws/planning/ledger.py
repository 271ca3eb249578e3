"""The ledger: what became of every part of the compose file, and what its author should know.

Planners record *effects*, several for one path if need be. The ledger folds them: the decision on a path has the worst
outcome of its effects, the union of what they became, and their reasons; a leaf's decision is its nearest covered
path's. *Findings* are what a person should read; they may hang on no key at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from compose2aws.compose.node import Mapping, Path, Position, leaves, locate
from compose2aws.planning.identity import ResourceId

Outcome: TypeAlias = Literal["translated", "adapted", "inert", "dropped", "refused"]
"""From the best to the worst as interface of the command tells them; `_RANK` orders them for folding."""

Severity: TypeAlias = Literal["error", "warning", "note"]

_RANK: dict[Outcome, int] = {"inert": 0, "translated": 1, "adapted": 2, "dropped": 3, "refused": 4}
_SEVERITIES: dict[Severity, int] = {"error": 0, "warning": 1, "note": 2}


@dataclass(frozen=True, slots=True)
class Effect:
    """One consequence of one path: what it became, and why where that is not plain."""

    path: Path
    outcome: Outcome
    becomes: tuple[ResourceId, ...] = ()
    code: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """All that became of one path."""

    path: Path
    position: Position | None
    outcome: Outcome
    becomes: tuple[ResourceId, ...]
    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something to read: `message` says what is so and why, `remedy` what to do about it (empty where nothing is)."""

    code: str
    severity: Severity
    message: str
    remedy: str = ""
    path: Path | None = None
    position: Position | None = None


@dataclass(slots=True)
class Ledger:
    """Collects effects and findings for one canonical model (`root`). The only thing that planners write to."""

    root: Mapping
    _effects: dict[Path, list[Effect]] = field(default_factory=dict)
    _findings: dict[Finding, None] = field(default_factory=dict)

    def record(
        self,
        path: Path,
        outcome: Outcome,
        becomes: Iterable[ResourceId] | ResourceId = (),
        *,
        code: str = "",
        reason: str = "",
    ) -> None:
        """Write down one effect of the value at `path`."""
        ids = (becomes,) if isinstance(becomes, ResourceId) else tuple(becomes)
        effect = Effect(path, outcome, ids, code, reason)
        effects = self._effects.setdefault(path, [])
        if effect not in effects:
            effects.append(effect)

    def find(self, code: str, severity: Severity, message: str, remedy: str = "", path: Path | None = None) -> None:
        """Write down something to read."""
        position = locate(self.root, path) if path is not None else None
        self._findings.setdefault(Finding(code, severity, message, remedy, path, position))

    def refuse(self, path: Path, code: str, reason: str, remedy: str = "") -> None:
        """Something that cannot be done and cannot be left out: `synth` writes nothing and says this."""
        self.record(path, "refused", code=code, reason=reason)
        self.find(code, "error", reason, remedy, path)

    def drop(self, path: Path, code: str, reason: str, remedy: str = "") -> None:
        """Something that is left out, and the app may notice."""
        self.record(path, "dropped", code=code, reason=reason)
        self.find(code, "warning", reason, remedy, path)

    def covers(self, path: Path) -> bool:
        """Whether a decision stands on the path itself."""
        return path in self._effects

    def refused(self, path: Path) -> bool:
        """Whether the path, or anything below it, is refused."""
        return any(
            effect.outcome == "refused"
            for decided, effects in self._effects.items()
            if decided[: len(path)] == path
            for effect in effects
        )

    def outcome(self, path: Path) -> Outcome | None:
        """The folded outcome of the path itself."""
        effects = self._effects.get(path)
        return max(effects, key=lambda e: _RANK[e.outcome]).outcome if effects else None

    @property
    def decisions(self) -> tuple[Decision, ...]:
        """One decision for each covered path, in the order of the model and, below it, of the paths."""
        order = {path: index for index, path in enumerate(_walk(self.root))}
        end = len(order)
        paths = sorted(self._effects, key=lambda p: (order.get(p, end), [str(step) for step in p]))
        return tuple(self._fold(path) for path in paths)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Errors first, then warnings and notes; inside each, in the order of the files. What an anchor repeats for
        several services is said once."""

        def key(finding: Finding) -> tuple[int, str, int, int, str, str]:
            at = finding.position or Position("", 0, 0)
            return _SEVERITIES[finding.severity], at.file, at.line, at.column, finding.code, finding.message

        said: dict[tuple[object, ...], Finding] = {}
        for finding in sorted(self._findings, key=key):
            said.setdefault((finding.code, finding.message, finding.remedy, finding.position), finding)
        return tuple(said.values())

    @property
    def refusals(self) -> tuple[Decision, ...]:
        return tuple(decision for decision in self.decisions if decision.outcome == "refused")

    def uncovered(self) -> Iterator[Path]:
        """Leaves of the model's sections on which nobody decided: each is a bug of ours."""
        for section in self.root.entries:
            for path, _ in leaves(self.root.entries[section], (section,)):
                if not any(path[:end] in self._effects for end in range(1, len(path) + 1)):
                    yield path

    def _fold(self, path: Path) -> Decision:
        effects = self._effects[path]
        worst = max(effects, key=lambda e: _RANK[e.outcome])
        becomes = tuple(dict.fromkeys(id_ for e in effects for id_ in e.becomes))
        reasons = tuple(dict.fromkeys(e.reason for e in effects if e.reason))
        code = worst.code or next((e.code for e in effects if e.code), "")
        return Decision(path, locate(self.root, path), worst.outcome, becomes, code, " ".join(reasons))


def _walk(node: object, path: Path = ()) -> Iterator[Path]:
    yield path
    if isinstance(node, Mapping):
        for key, value in node.entries.items():
            yield from _walk(value, (*path, key))
    elif hasattr(node, "items"):
        for index, value in enumerate(node.items):
            yield from _walk(value, (*path, index))


def pointer(path: Path) -> str:
    """The path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def people_path(path: Path) -> str:
    """The path as people write it: `services.api.ports[0]`, `services["my.app"].image`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif step and all(c.isascii() and (c.isalnum() or c in "_-") for c in step):
            text += f".{step}" if text else step
        else:
            text += '["' + step.replace("\\", "\\\\").replace('"', '\\"') + '"]'
    return text
