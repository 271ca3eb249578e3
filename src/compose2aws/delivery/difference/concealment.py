"""Nothing secret leaves a comparison: what stands where secrets stand, and what looks like one, is `****`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from compose2aws.delivery.difference.evaluation import MASK, is_secret
from compose2aws.planning.values.secrecy import secret_name, secret_spans, surely_public

_SECRET_PROPERTIES = re.compile(
    r"(?!Generate).*(?:Password|SecretString(?:Template)?|AuthToken|ClientSecret|PrivateKey)"
)
# Under these properties names are the user's own: of variables, of a log driver's options.
_NAMED_BY_USERS = frozenset({"Environment", "Variables", "Options", "DockerLabels", "ResourceProperties"})
# What policies name is public, and some of it looks like an assignment (`secretsmanager:GetSecretValue`).
_IN_POLICIES = frozenset({"Action", "NotAction", "Resource", "NotResource", "Statement"})
_REFERENCE = re.compile(r"\$\{(?!!)[^}]*\}|\{\{resolve:.*?\}\}")


def concealed(value: Any, names: tuple[str, ...]) -> Any:
    """The value as it may be shown. `names` are those of the properties and items that lead to it."""
    if value is None or isinstance(value, bool | int | float):
        return MASK if value is not None and _is_secret_place(names) else value
    if isinstance(value, str):
        if is_secret(value) or _is_secret_text(value, names):
            return MASK
        return value if _IN_POLICIES.intersection(names) else _without_secrets(value)
    if _is_secret_place(names):
        return MASK
    if isinstance(value, list):
        return [concealed(item, names) for item in value]
    own = value.get("Name", value.get("Key")) if isinstance(value, Mapping) else None
    shown = {}
    for key, item in value.items():
        is_named = key == "Value" and isinstance(own, str)
        shown[key] = concealed(item, (*names, str(own)) if is_named else (*names, str(key)))
    return shown


def _is_secret_place(names: tuple[str, ...]) -> bool:
    return bool(names) and _SECRET_PROPERTIES.fullmatch(names[-1]) is not None


def _is_secret_text(text: str, names: tuple[str, ...]) -> bool:
    if _is_secret_place(names):
        return True
    if len(names) < 2 or not _NAMED_BY_USERS.intersection(names[:-1]) or not secret_name(names[-1]):
        return False
    rest = _REFERENCE.sub("", text)  # what only names a secret tells nothing
    return bool(rest) and not surely_public(names[-1], rest)


def _without_secrets(text: str) -> str:
    shown, at = "", 0
    for start, stop in secret_spans(text):
        if _REFERENCE.fullmatch(text[start:stop]) is None:
            shown += text[at:start] + MASK
            at = stop
    return shown + text[at:]
