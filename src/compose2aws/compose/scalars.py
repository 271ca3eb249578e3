"""What a plain YAML scalar is: YAML 1.2's core schema, as the reference reads it.

`22:22` and `yes` are strings, `0o17` and `017` are octal, `1_000` is a thousand, `1e3` is a float. A date stays the
text that was written.
"""

from __future__ import annotations

import math
import re

from compose2aws.compose.node import ScalarValue

_WORDS: dict[str, ScalarValue] = {
    "": None,
    "~": None,
    "null": None,
    "Null": None,
    "NULL": None,
    "true": True,
    "True": True,
    "TRUE": True,
    "false": False,
    "False": False,
    "FALSE": False,
    **{sign + dot: math.inf for sign in ("", "+") for dot in (".inf", ".Inf", ".INF")},
    **{"-" + dot: -math.inf for dot in (".inf", ".Inf", ".INF")},
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
}
_MAY_BE_NUMBER = frozenset("0123456789+-.")
_WHOLE = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<bin>[01]+)|0[oO]?(?P<oct>[0-7]+)|(?P<dec>0|[1-9][0-9]*))\Z"
)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?\Z")
_BASES = {"hex": 16, "bin": 2, "oct": 8, "dec": 10}
_LONGEST_NUMBER = 400
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1


def resolve(text: str) -> ScalarValue:
    """The value of a plain (unquoted, untagged) scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _MAY_BE_NUMBER or len(text) > _LONGEST_NUMBER:
        return text
    number = whole(text)
    if number is not None:
        return number
    plain = text.replace("_", "")
    if _FLOAT.match(plain):
        value = float(plain)
        return text if math.isinf(value) else value
    return text


def whole(text: str) -> int | float | None:
    """A whole number in any of YAML's bases; one that no 64 bits hold is a float; None where it is none."""
    found = _WHOLE.match(text.replace("_", ""))
    if not found:
        return None
    base = next(name for name in _BASES if found[name] is not None)
    value = int(found[base], _BASES[base])
    if found["sign"] == "-":
        value = -value
    return value if _SMALLEST <= value <= _LARGEST else float(value) if abs(value) < 10**308 else math.inf


def tagged(tag: str, text: str) -> ScalarValue:
    """The value of a scalar with one of YAML's own tags (`!!str 80`); an unknown tag leaves the text.

    Raises `ValueError` where the text is not of the tag's kind.
    """
    if tag.startswith("tag:yaml.org,2002:"):
        name = tag.rsplit(":", 1)[1]
        value = resolve(text)
        if name == "int" and isinstance(value, int) and not isinstance(value, bool):
            return value
        if name == "float" and isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        if (name == "bool" and isinstance(value, bool)) or (name == "null" and value is None):
            return value
        if name in ("int", "float", "bool", "null"):
            raise ValueError(name)
    return text
