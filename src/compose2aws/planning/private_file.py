"""Which files of a project are secrets: by their names, and by what stands in them.

A name says so where nothing else is called like it (`id_rsa`, `server.key`, `.env`). In files of settings a line that
gives a password, a token or a key says so; in programs only a secret of a form that cannot be mistaken does, since
`token: request.token` is none. In doubt a file is one: written from Secrets Manager it does no harm.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from compose2aws.compose.project import FileFact
from compose2aws.planning.values.secrecy import formed_spans, secret_spans

_NAMES = re.compile(
    r"id_(?:rsa|dsa|ecdsa|ed25519)(?:_sk)?|.+\.(?:key|ppk)|.*key-?file|\.?htpasswd|.+\.htpasswd"
    r"|\.(?:env|pgpass|netrc|git-credentials)|\.env\.(?!example|sample|template|dist|defaults?\Z|schema).+"
    r"|(?:.*[._-])?(?:priv|privkey|key)(?:[._-].*)?\.pem",
    re.IGNORECASE,
)
_STORES = re.compile(r"(?!.*trust).+\.(?:p12|pfx|jks|keystore|kdbx)", re.IGNORECASE)
"""What holds keys and is no text. A store of certificates that are trusted holds none."""

_SETTINGS = re.compile(
    r"(?:.*\.)?(?:conf|cnf|cfg|ini|toml|ya?ml|json|properties|env|txt|settings|config|xml)|[^.]+", re.IGNORECASE
)
_PUBLIC = re.compile(r"-----BEGIN (?![A-Z0-9 ]*PRIVATE KEY)[A-Z0-9 ]+-----")
_MANIFESTS = re.compile(
    r"(?:package|composer|tsconfig|bower|deno|manifest)\.json|.*[.-]lock(?:\.json|\.ya?ml)?", re.IGNORECASE
)
"""Lists of packages: their names and versions look like settings."""
_TEMPLATED = re.compile(r"[\[$%{<*]|x{3,}|\.\.\.")
_COMMENTS = ("#", "//", ";", "--", "!", "<!--")


def private_name(path: str) -> bool:
    """Whether the name alone says that a file is a secret."""
    name = posixpath.basename(path)
    return bool(_NAMES.fullmatch(name) or _STORES.fullmatch(name))


def secret_by_name(path: str) -> bool:
    """The same of a file that is text: one that nobody has here can be given as one."""
    return bool(_NAMES.fullmatch(posixpath.basename(path)))


def secret_evidence(shown: str, fact: FileFact) -> str | None:
    """Why a file is a secret: `line 3 of conf.json holds a secret`; None where it is none. `shown` is what people call
    it."""
    if fact.kind != "file" or fact.size == 0:
        return None
    line = _line(posixpath.basename(fact.path), fact.text) if fact.text is not None else None
    if line is not None:
        return f"line {line} of {shown} holds a secret"
    if private_name(fact.path) and not (fact.text and _PUBLIC.search(fact.text)):
        return f"{shown} is a secret by its name"
    return None


def _line(name: str, text: str) -> int | None:
    """The number of the first line with a secret."""
    formed = [start for start, end in formed_spans(text) if not _TEMPLATED.match(text, start, end)]
    found = [text.count("\n", 0, start) + 1 for start in formed if not _is_comment(text, start)]
    if _SETTINGS.fullmatch(name) and not _MANIFESTS.fullmatch(name):
        found += [number for number, line in _lines(text) if _gives_one(line)]
    return min(found, default=None)


def _gives_one(line: str) -> bool:
    line = re.sub(r"""(["'])\s*:(?=\S)""", r"\1: ", line)
    # an object in one line: each of its entries
    entries = [entry.strip(" }") for entry in re.split(r"[{,]", line)] if line.lstrip().startswith("{") else [line]
    return any(not _TEMPLATED.match(entry, start, end) for entry in entries for start, end in secret_spans(entry))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(_COMMENTS):
            yield number, line


def _is_comment(text: str, at: int) -> bool:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line.lstrip().startswith(tuple(mark for mark in _COMMENTS if mark != "--"))
