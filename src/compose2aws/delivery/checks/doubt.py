"""What could not be asked is told as a warning, and keeps nothing else from being asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from compose2aws.delivery.refusal import DeliveryError, explained
from compose2aws.planning.ledger import Finding

Item = TypeVar("Item")

FAILURES = (BotoCoreError, ClientError, ResponseParserError, DeliveryError, OSError)
"""How a question can fail for which no program is to blame."""


def each(what: str, items: Iterable[tuple[str, Item]], check: Callable[[Item], Iterable[Finding]]) -> list[Finding]:
    """The findings of all items. Those that cannot be checked are one warning a reason, with their names."""
    found: list[Finding] = []
    failed: dict[str, list[str]] = {}
    for name, item in items:
        try:
            found += check(item)
        except FAILURES as error:
            failed.setdefault(reason_of(error), []).append(name)
    for reason, names in failed.items():
        found.append(unchecked(f"{what} ({', '.join(dict.fromkeys(names))})", reason))
    return found


def unchecked(what: str, reason: str) -> Finding:
    """The warning that something could not be checked."""
    return Finding("unchecked", "warning", f"{what} could not be checked: {reason}")


def reason_of(error: Exception) -> str:
    """Why a question failed, in one sentence."""
    if isinstance(error, DeliveryError):
        return str(error)
    if isinstance(error, ResponseParserError):
        return "something answered that is not AWS, a proxy perhaps"
    if isinstance(error, OSError):
        return f"the network does not let it through ({error.strerror or error})"
    return explained(error)
