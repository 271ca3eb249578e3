"""Variables into a tree: every text is interpolated and, where Compose wants a number or a truth value, cast.

Values only, never keys. Each text keeps the segments that it was made of.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass

from compose2aws.compose.journal import Journal, quoted
from compose2aws.compose.node import Mapping, Node, Path, Scalar, ScalarValue, Segment, Sequence
from compose2aws.compose.patterns import Patterns, patterns
from compose2aws.compose.provenance import compact, unset_variables, with_value
from compose2aws.compose.template import Lookup, TemplateError, expand

_TRUE = frozenset({"true", "y", "yes", "on"})
_FALSE = frozenset({"false", "n", "no", "off"})
_WHOLE = re.compile(r"[-+]?[0-9]{1,19}\Z")


def _whole(text: str) -> int:
    if not _WHOLE.match(text):
        raise ValueError
    return int(text)


def _number(text: str) -> float | int:
    if len(text) > 100 or "_" in text or text != text.strip():
        raise ValueError
    value = float(text)
    if not math.isfinite(value):
        raise ValueError
    return value


def truth(text: str) -> bool:
    """`true`, `yes`, `on`, `y` and their opposites, in any case (YAML 1.1's words). Raises `ValueError`."""
    word = text.lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ValueError


@dataclass(frozen=True, slots=True)
class Cast:
    """What a text becomes, and how a person calls that."""

    wanted: str
    convert: Callable[[str], ScalarValue]


WHOLE = Cast("a whole number", _whole)
NUMBER = Cast("a number", _number)
TRUTH = Cast("true or false", truth)

CASTS: Patterns[Cast] = patterns(
    {
        **{
            f"services.*.{key}": WHOLE
            for key in (
                "cpu_count", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares",
                "deploy.replicas", "deploy.update_config.parallelism", "deploy.rollback_config.parallelism",
                "deploy.restart_policy.max_attempts", "deploy.placement.max_replicas_per_node",
                "healthcheck.retries", "oom_score_adj", "pids_limit", "ports.*.target", "scale",
                "ulimits.*", "ulimits.*.hard", "ulimits.*.soft",
            )
        },
        **{
            f"services.*.{key}": NUMBER
            for key in (
                "cpu_percent", "cpus", "deploy.update_config.max_failure_ratio",
                "deploy.rollback_config.max_failure_ratio",
            )
        },
        **{
            f"services.*.{key}": TRUTH
            for key in (
                "init", "depends_on.*.required", "depends_on.*.restart", "healthcheck.disable", "oom_kill_disable",
                "privileged", "read_only", "stdin_open", "tty", "volumes.*.read_only", "volumes.*.volume.nocopy",
            )
        },
        **{f"networks.*.{key}": TRUTH for key in ("external", "internal", "attachable", "enable_ipv4", "enable_ipv6")},
        **{f"{section}.*.external": TRUTH for section in ("volumes", "secrets", "configs")},
    }
)  # fmt: skip


def interpolate(node: Node, lookup: Lookup, journal: Journal, required_is_hole: bool = False) -> Node:
    """The tree with its variables replaced; notes every error and each unset variable once."""
    return _Pass(lookup, journal, required_is_hole).walk(node, CASTS, ())


@dataclass(frozen=True, slots=True)
class _Pass:
    lookup: Lookup
    journal: Journal
    required_is_hole: bool

    def walk(self, node: Node, casts: Patterns[Cast] | None, path: Path) -> Node:
        if isinstance(node, Scalar):
            if not isinstance(node.value, str):
                return node
            cast = casts.rule if casts else None
            if "$" not in node.value and cast is None:
                return node
            return self.scalar(node, node.value, cast, path)
        if isinstance(node, Mapping):
            entries: dict[str, Node] | None = None
            for key, value in node.entries.items():
                new = self.walk(value, casts.below(key) if casts else None, (*path, key))
                if new is not value:
                    if entries is None:
                        entries = dict(node.entries)
                    entries[key] = new
            return node if entries is None else Mapping(entries, node.position, node.keys)
        below = casts.any if casts else None
        items = tuple(self.walk(item, below, (*path, index)) for index, item in enumerate(node.items))
        if all(new is old for new, old in zip(items, node.items, strict=True)):
            return node
        return Sequence(items, node.position, node.unsplit)

    def scalar(self, node: Scalar, text: str, cast: Cast | None, path: Path) -> Scalar:
        if "$" in text:
            try:
                segments = expand(text, self.lookup, self.required_is_hole)
            except TemplateError as error:
                self.refuse(error, path, node)
                return node
            self.warn(segments, path, node)
            value = "".join(segment.text for segment in segments)
            self.journal.spend("characters by variables", len(value), path, node.position)
            self.journal.spend("pieces by variables", len(segments), path, node.position)
            node = Scalar(value, node.position, compact(segments))
        if cast is None:
            return node
        return cast_scalar(node, cast, path, self.journal)

    def refuse(self, error: TemplateError, path: Path, node: Scalar) -> None:
        if error.kind == "required":
            reason = f": {error.message}" if error.message else ""
            self.journal.error(
                "required-variable", f"the variable {error.variable!r} must be set{reason}", path, node.position
            )
        elif error.kind == "large":
            self.journal.error("too-large", "the text holds too many variables", path, node.position)
        else:
            self.journal.error(
                "interpolation",
                "a `${` begins no variable here; write `$$` for a dollar sign, and `${NAME}` or `${NAME:-default}` for "
                "a variable",
                path,
                node.position,
            )

    def warn(self, segments: list[Segment], path: Path, node: Scalar) -> None:
        for segment in segments:
            if segment.origin == "unset":
                self.journal.warn(
                    "unset-variable",
                    f"the variable {segment.variables[-1]!r} is not set: an empty text stands in its place",
                    path,
                    node.position,
                )


def cast_scalar(node: Scalar, cast: Cast, path: Path, journal: Journal) -> Scalar:
    """The scalar as the kind of value that its place wants; notes an error, which names no variable's value."""
    try:
        return with_value(node, cast.convert(node.text))
    except (ValueError, OverflowError):
        names = unset_variables(node)
        if names:
            found = f"the variable {names[0]!r}, which is not set"
        elif node.segments:
            found = "the value of " + ", ".join(repr(n) for s in node.segments for n in s.variables[-1:])
        else:
            found = quoted(node.text)
        journal.error("cast", f"{cast.wanted} is wanted here, found {found}", path, node.position)
        return node
