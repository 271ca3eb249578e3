"""`x-aws.schedule`: when a job runs, checked before AWS does, and the time zone that its times are in.

Source: Amazon EventBridge Scheduler User Guide, "Schedule types in EventBridge Scheduler". The names of time zones are
those of the IANA database (the package tzdata).
"""

from __future__ import annotations

import difflib
import re
from datetime import datetime
from functools import cache
from importlib.resources import files

_FORM = re.compile(r"(cron|rate|at)\((.*)\)", re.DOTALL)
_RATE = re.compile(r"[1-9]\d{0,8} (minutes?|hours?|days?)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
# Each field's name, its range, the names of its numbers, and what else may stand there.
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...], re.Pattern[str] | None], ...] = (
    ("minutes", 0, 59, (), None),
    ("hours", 0, 23, (), None),
    ("day of month", 1, 31, (), re.compile(r"\?|L|LW|([1-9]|[12]\d|3[01])W")),
    ("month", 1, 12, _MONTHS, None),
    ("day of week", 1, 7, _DAYS, re.compile(r"\?|L|[1-7]L|[1-7]#[1-5]")),
    ("year", 1970, 2199, (), None),
)
_CRONTAB_FIELDS = 5


def expression_problem(expression: str) -> str | None:
    """What is wrong with a schedule's expression, and what is wanted; None where nothing is."""
    match = _FORM.fullmatch(expression)
    if match is None:
        wanted = "cron(…), rate(…) or at(…)"
        given = expression.split()
        if len(given) == _CRONTAB_FIELDS:
            return f"wanted {wanted}: {_as_in_crontab(given)}"
        return f"wanted {wanted}"
    kind, inner = match[1], match[2]
    if kind == "rate":
        return None if _RATE.fullmatch(inner) else "a rate is a whole number of minutes, hours or days: rate(5 minutes)"
    if kind == "at":
        return None if _is_time(inner) else "a time is written yyyy-mm-ddThh:mm:ss: at(2030-01-31T03:00:00)"
    return _cron_problem(inner.split())


def zone_problem(zone: str) -> str | None:
    """What is wrong with a time zone; None where nothing is."""
    if zone in _zones():
        return None
    near = difflib.get_close_matches(zone, sorted(_zones()), 1, 0.6)
    return f"there is no time zone {zone!r}" + (f"; did you mean {near[0]!r}?" if near else "; wanted: Europe/Berlin")


@cache
def _zones() -> frozenset[str]:
    return frozenset(files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())


def _is_time(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", text)) and bool(datetime.fromisoformat(text))
    except ValueError:
        return False


def _cron_problem(fields: list[str]) -> str | None:
    if len(fields) != len(_FIELDS):
        names = ", ".join(field[0] for field in _FIELDS)
        meant = f": {_as_in_crontab(fields)}" if len(fields) == _CRONTAB_FIELDS else ""
        return f"cron has six fields ({names}), and here are {len(fields)}{meant}"
    for text, (name, first, last, words, other) in zip(fields, _FIELDS, strict=True):
        if not all(_is_part(part, first, last, words, other) for part in text.split(",")):
            return f"{text!r} is no {name}: wanted {first}-{last}{f' or {words[0]}-{words[-1]}' if words else ''}"
    if (fields[2] == "?") == (fields[4] == "?"):
        return "of day of month and day of week one is `?`, and the other says which days"
    return None


def _is_part(part: str, first: int, last: int, names: tuple[str, ...], other: re.Pattern[str] | None) -> bool:
    """`*`, `5`, `MON-FRI`, `0/15`, `10-20/2`, or what the field knows beside that."""
    if other and other.fullmatch(part):
        return True
    numbers, _, step = part.partition("/")
    if step and not (step.isdigit() and int(step) > 0):
        return False
    if numbers == "*":
        return part != "*/"
    ends = numbers.split("-")
    values = [_number(end, first, names) for end in ends]
    fitting = all(value is not None and first <= value <= last for value in values)
    return fitting and len(ends) <= 2 and not part.endswith("/")


def _number(text: str, first: int, names: tuple[str, ...]) -> int | None:
    if text.upper() in names:
        return names.index(text.upper()) + first
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= 4 else None


def _as_in_crontab(fields: list[str]) -> str:
    """The five fields of a crontab as six: there Sunday is 0 and both kinds of days may be `*`."""
    minute, hour, day, month, week_day = fields
    if "*" not in (day, week_day):
        return f"`{' '.join(fields)}` of a crontab runs on both kinds of days, which takes two schedules here"
    numbers = re.sub(r"(?<![#/\d])\d", lambda m: str(int(m[0]) % 7 + 1), week_day)
    days = (day, "?") if week_day in ("*", "?") else ("?", numbers)
    return f"`{' '.join(fields)}` of a crontab is cron({minute} {hour} {days[0]} {month} {days[1]} *)"
