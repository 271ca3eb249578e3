"""Sizes, durations and numbers, read and written as the reference does.

Compose Specification, "Specifying byte values" and "Specifying durations".
"""

from __future__ import annotations

import math
import re
import struct

_SIZE = re.compile(r"(?P<number>[^ ]*?[0-9.])(?P<space> ?)(?P<unit>[^0-9.]*)\Z")
_NUMBER = re.compile(r"[0-9]*\.?[0-9]*(?:[eE][-+]?[0-9]{1,3})?\Z")
_POWERS = {"k": 1, "m": 2, "g": 3, "t": 4, "p": 5}
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9,
          "d": 86400 * 10**9, "w": 7 * 86400 * 10**9}  # fmt: skip
_STRETCH = re.compile(r"(?P<whole>[0-9]{0,19})(?:\.(?P<fraction>[0-9]{0,30}))?(?P<unit>[^0-9.]+)")
_LONGEST = 2**63 - 1


def size(text: str) -> int:
    """Bytes of `512m`, `1.5GB`, `64 KiB`, `-1` (units of 1024). Raises `ValueError`."""
    if re.fullmatch(r"[-+]?[0-9]{1,19}", text):
        return int(text)
    found = _SIZE.match(text)
    if not found or not _NUMBER.match(found["number"]):
        raise ValueError
    number = float(found["number"])
    unit = found["unit"].lower()
    if unit in ("", "b"):
        value = number
    elif unit[0] in _POWERS and unit[1:] in ("", "b", "ib"):
        value = number * 1024.0 ** _POWERS[unit[0]]
    else:
        raise ValueError
    if value > _LONGEST:
        raise ValueError
    return int(value)


def duration(text: str) -> int:
    """Nanoseconds of `1m30s`, `500ms`, `1.5h`, `2d`. Raises `ValueError`."""
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    total = 0
    if not rest:
        raise ValueError
    while rest:
        found = _STRETCH.match(rest)
        if not found or not (found["whole"] or found["fraction"]) or found["unit"] not in _UNITS:
            raise ValueError
        unit = _UNITS[found["unit"]]
        total += int(found["whole"] or "0") * unit
        if found["fraction"]:
            total += int(found["fraction"]) * unit // 10 ** len(found["fraction"])
        rest = rest[found.end() :]
    if total > _LONGEST:
        raise ValueError
    return -total if text[0] == "-" else total


def duration_text(nanoseconds: int) -> str:
    """A duration as Go writes it: `1m30s`, `1h0m0s`, `500ms`."""
    if nanoseconds == 0:
        return "0s"
    sign = "-" if nanoseconds < 0 else ""
    left = abs(nanoseconds)
    if left < 10**9:
        for unit, length in (("ms", 10**6), ("µs", 10**3), ("ns", 1)):
            if left >= length:
                return f"{sign}{_decimal(left, length)}{unit}"
    minutes, rest = divmod(left, 60 * 10**9)
    text = f"{_decimal(rest, 10**9)}s"
    if minutes:
        hours, minutes = divmod(minutes, 60)
        text = f"{minutes}m{text}"
        if hours:
            text = f"{hours}h{text}"
    return sign + text


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    if not rest:
        return str(whole)
    digits = str(rest).zfill(len(str(unit)) - 1).rstrip("0")
    return f"{whole}.{digits}"


def number_text(value: float) -> str:
    """A float as the reference puts it into an environment variable: `1.1`, `1e+06`, `+Inf`."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value == 0:
        return "-0" if math.copysign(1, value) < 0 else "0"
    digits, power = _digits(abs(value))
    sign = "-" if value < 0 else ""
    if power < -4 or power >= 6:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"
    if power < 0:
        return f"{sign}0.{'0' * (-power - 1)}{digits}"
    if len(digits) <= power + 1:
        return sign + digits + "0" * (power + 1 - len(digits))
    return f"{sign}{digits[: power + 1]}.{digits[power + 1 :]}"


def _digits(value: float) -> tuple[str, int]:
    """The shortest digits that give a number back, and the power of ten of the first."""
    mantissa, _, exponent = repr(value).partition("e")
    whole, _, fraction = mantissa.partition(".")
    digits = (whole + fraction).lstrip("0")
    leading = len(whole + fraction) - len(digits)
    return digits.rstrip("0") or "0", len(whole) - 1 - leading + int(exponent or 0)


def single(value: float) -> float | int:
    """The shortest decimal number that is the same in single precision, which the reference keeps some numbers in."""
    if math.isnan(value) or math.isinf(value):
        return value
    try:
        packed = struct.pack("f", value)
        kept: float = struct.unpack("f", packed)[0]
    except OverflowError:
        return value
    for digits in range(1, 10):
        shorter = float(f"{kept:.{digits}g}")
        if struct.pack("f", shorter) == packed:
            return tidy(shorter)
    return tidy(value)


def tidy(value: float) -> float | int:
    """A float without a fraction as a whole number, as JSON writers of other languages print it."""
    return int(value) if value.is_integer() and abs(value) < 1e21 else value
