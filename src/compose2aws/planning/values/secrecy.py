"""What looks secret: by its name, and by its form.

A name says so by a word of it (`JWT_SECRET`, `apiToken`, `SMTP_PASS`) unless its last word says that it is about a
secret (`TOKEN_TTL`, `PASSWORD_FILE`). In doubt a value is secret: the cost is a parameter, the other cost is a leak.
Only names and texts are judged here; where they stand and what becomes of them is `values.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TELLING = re.compile(r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|API_?KEY|PRIVATE_?KEY|REQUIREPASS|MASTERAUTH")
"""Anywhere in a name."""

_WORDS = _words("PASS PWD PSWD SALT PEPPER JWT PIN KEY COOKIE AUTHORIZATION HTPASSWD OTP CREDS REDISCLI")
_PUBLIC_KEYS = _words("PUBLIC PUBLISHABLE PRIMARY SORT PARTITION FOREIGN CACHE INDEX SITE HOT OBJECT LOOKUP")

_ABOUT = re.compile(
    r"_(?:URL|URI|FILE|PATH|REALM|NAME|TYPE|HEADER|ALGORITHM|HASHER|PREFIX|LENGTH|MINUTES|HOURS|DAYS|SECONDS"
    r"|EXPIR\w*|TTL|ENABLED|REQUIRED|CONNECTOR|ID)\Z"
)
"""Endings of a name that is about a secret and holds none."""

_ABOUT_WORDS = _words(
    "AGE ALG ALLOW AUD AUDIENCE BACKEND CLASS CLAIM COUNT DIR DISABLED DOMAIN DRIVER DURATION EMAIL ENABLE "
    "ENDPOINT EXP FIELD FILES FORMAT GROUP HOST HTTPONLY INTERVAL ISSUER LIFETIME LIMIT MAX METHOD MIN MODE "
    "NAMES POLICY PORT PROVIDER REGION ROLE ROLES ROTATION SAMESITE SECURE SIZE STORE SUFFIX TIMEOUT USER "
    "USERNAME VERSION WORKDIR VERIFY CWD OLDPWD"
)
"""The same for names whose word is a weaker hint (`JWT_AUD`, `COOKIE_DOMAIN`)."""

_PUBLIC_WORDS = _words("true false null yes no none on off enabled disabled auto default optional required")

_CONNECTION_END = re.compile(r"(?:\A|_)(?:URL|URI|DSN|CONNECTION_STRING|CONNECTIONSTRING|CONN)\Z")
_SHOWN = _words(
    "APP SITE BASE PUBLIC FRONTEND BACKEND WEB WEBSITE HOME ROOT EXTERNAL INTERNAL SERVER SERVICE CALLBACK "
    "REDIRECT LOGO DOCS NEXTAUTH AUTH ISSUER CORS ORIGIN API HOST DOMAIN CLIENT PUBLIC BROWSER WEBAPP "
    "DASHBOARD ADMIN CONSOLE SUPPORT TERMS PRIVACY IMAGE AVATAR CDN ASSET ASSETS STATIC MEDIA DEX OIDC "
    "KEYCLOAK ENDPOINT INSTANCE HUB UI DEPLOYMENT STUDIO"
)
"""Words of the name of an address that people see (`APP_URL`): an unset one is no secret."""

_RANDOM = re.compile(r"[A-Za-z0-9+/_=-]{16,}\Z")
_WORDY = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}\Z")
_FILE_PATH = re.compile(r"(?:~|\.{0,2})/[\w.@/-]*\Z")
_FILE_NAME = re.compile(r"[\w./-]+\.(?:key|pem|crt|cer|csr|pub|p12|pfx|jks|json|ya?ml|toml|ini|conf|env|txt)\Z")
_LOGIN_NAME = re.compile(r"(?:\A|_)(?:USER|USERS|AUTH|BASICAUTH|LOGIN|LOGINS|ACCOUNT|ACCOUNTS|ADMIN|CREDENTIALS)\Z")
_PAIR = re.compile(r"[\w.@+-]+:(?P<value>[^\s:/]+)\Z")
_ASSIGNED = re.compile(
    r"""(?:(?P<at_line>^[ \t]*(?:-[ \t]+)?["']?)|(?<![\w$./-])|(?P<option>(?<![\w-])--?))
        (?P<name>[A-Za-z_][A-Za-z0-9_.-]*)
        (?P<sign>["']?[ \t]*=[ \t]*|["']?[ \t]*:[ \t]+|:|[ \t]+)
        ["']?
        (?:(?i:bearer|basic|token|apikey)[ \t]+)?""",
    re.VERBOSE | re.MULTILINE,
)
_VALUE = re.compile(r"[^\s\"'`,;&)}\]|<>]+")
_LOGIN = re.compile(r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,40}://[^\s/:@\"'?#]*:(?P<value>[^\s/@\"']+)@")
_KEY_LOGIN = re.compile(r"https?://(?P<value>[A-Za-z0-9]{16,})@")
_CLIENTS = re.compile(
    r"(?<![\w-])(?:(?:mysql|mariadb)[\w-]*[ \t](?:[^|;&\n]{0,200}?[ \t])?-p(?P<joined>[^\s\"'$-][^\s\"']*)"
    r"|redis-cli[ \t](?:[^|;&\n]{0,200}?[ \t])?(?:-a|--pass)[ \t]+(?P<apart>[^\s\"'$-][^\s\"']*)"
    r"|mongo(?:sh|dump|restore|import|export)?[ \t](?:[^|;&\n]{0,200}?[ \t])?-p[ \t]+"
    r"[\"']?(?P<mongo>[^\s\"'$-][^\s\"']*)"
    r"|curl[ \t](?:[^|;&\n]{0,200}?[ \t])?(?:-[A-Za-z]*u[ \t]*|--user[ \t=])"
    r"[\"']?[^\s\"':$/]+:(?P<curl>[^\s\"'$][^\s\"']*))"
)
"""Clients that take a password as an option of one letter."""

_FORMS = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"
    r"|(?<![A-Za-z0-9])(?:(?:sk|rk|pk)_(?:live|test)_\w{8,}|sk-[\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}"
    r"|xox[abeoprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}|AIza[\w-]{30,}|npm_\w{30,}|whsec_\S{16,}|hf_\w{20,}|SG\.[\w-]{16,}\.[\w-]{16,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)"
    r"|hooks\.slack\.com/services/[\w/-]+|discord(?:app)?\.com/api/webhooks/[\w/-]+"
    r"|\$2[abxy]\$\d\d\$[./A-Za-z0-9]{20,}|\$(?:apr1|1|5|6|y|argon2\w*)\$[^\s:\"']{8,}|\{SHA\}[\w+/=]{20,}",
    re.DOTALL,
)


@lru_cache(maxsize=65536)
def secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret, as far as its name tells."""
    upper = _snake(name)
    if _ABOUT.search(upper):
        return False
    if _TELLING.search(upper):
        return True
    words = [word for word in upper.split("_") if word]
    if not words or words[-1] in _ABOUT_WORDS:
        return False
    if words[-1] == "KEY":
        return not _PUBLIC_KEYS.intersection(words)
    if words[-1] in ("CREDENTIAL", "CREDENTIALS") or words[-2:] in (["BASIC", "AUTH"], ["UI", "AUTH"]):
        return True
    hints = _WORDS.intersection(words) - {"KEY"}
    if hints == {"PWD"} and words == ["PWD"]:
        return False
    return bool(hints) or (words[-1].endswith("PASS") and words[-1] not in ("BYPASS", "COMPASS"))


@lru_cache(maxsize=65536)
def connection_name(name: str) -> bool:
    """Whether an unset variable of this name is likely an address with a login in it (`*_URL`, `*_DSN`), and not one
    that people see."""
    upper = _snake(name)
    if not _CONNECTION_END.search(upper):
        return False
    words = upper.split("_")
    return words[-1] == "DSN" or (not _SHOWN.intersection(words[:-1]) and len(words) > 1)


def _snake(name: str) -> str:
    """`apiKey`, `api.key`, `api-key` → `API_KEY`."""
    return re.sub(r"[^A-Za-z0-9]+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)).upper()


def surely_public(name: str, value: str) -> bool:
    """Whether a value is no secret although its name looks like one: nothing, a switch, a small number, a path."""
    if not value.strip() or value.strip().lower() in _PUBLIC_WORDS:
        return True
    if value.isdigit() and len(value) <= 6:
        return not _snake(name).endswith(("PASSWORD", "PASSWD", "PASS", "PWD", "PIN", "SECRET"))
    if _FILE_PATH.match(value):
        return not any(looks_random(part) for part in value.split("/"))
    return bool(_FILE_NAME.match(value))


def login_span(name: str, value: str) -> tuple[int, int] | None:
    """Where the password of a value `user:password` stands (`SB_USER=me:secret`); None where the value is none."""
    match = _PAIR.match(value)
    if match is None or match["value"].isdigit():
        return None
    if _LOGIN_NAME.search(_snake(name)) and _snake(name) != "USER":
        return match.span("value")
    return match.span("value") if looks_random(match["value"]) else None


def looks_random(text: str) -> bool:
    """Whether a whole value looks like something that a machine drew: long, letters and digits mixed, no words."""
    if not _RANDOM.match(text) or _UUID.match(text):
        return False
    digits = sum(char.isdigit() for char in text)
    letters = sum(char.isalpha() for char in text)
    if digits < 3 or letters < 4:
        return False
    words = sum(len(word) for word in re.split(r"[-_=/+\d]+", text) if word and _WORDY.fullmatch(word))
    return words * 2 < letters or (digits * 4 >= len(text) and not re.search(r"[-_/]", text))


def formed_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where in a text secrets stand by a form that is theirs alone: logins of URLs, keys of known make, private keys,
    hashes of passwords."""
    if "://" in text:
        yield from (match.span("value") for match in _LOGIN.finditer(text))
        yield from (match.span("value") for match in _KEY_LOGIN.finditer(text) if looks_random(match["value"]))
    yield from (match.span() for match in _FORMS.finditer(text))


def secret_spans(text: str, random: bool = False) -> tuple[tuple[int, int], ...]:
    """Where in a text secrets stand by their form: logins of URLs, keys of known make, private keys, hashes of
    passwords, `NAME=value` and `--name value` under a secret's name. `random`: also a whole text that looks drawn by a
    machine."""
    found = [*formed_spans(text), *client_spans(text)]
    found += _assigned(text)
    if random and looks_random(text):
        found.append((0, len(text)))
    kept: list[tuple[int, int]] = []
    for start, stop in sorted(found, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, stop))
    return tuple(kept)


def client_spans(text: str) -> Iterator[tuple[int, int]]:
    """Where a line of a shell gives a client its password by an option of one letter (`mysqladmin -pSECRET`)."""
    for match in _CLIENTS.finditer(text):
        if not match[match.lastgroup or 0].isdigit():
            yield match.span(match.lastgroup or 0)


def _assigned(text: str) -> Iterator[tuple[int, int]]:
    at = 0
    while match := _ASSIGNED.search(text, at):
        at = match.end("name")
        sign = match["sign"]
        if sign.isspace() and not match["option"]:
            # two words side by side are no assignment
            continue
        if (sign == ":" and match["at_line"] is None) or not secret_name(match["name"]):
            continue
        value = _VALUE.match(text, match.end())
        if value is None or value[0][0] in "$-{%(/\\" or surely_public(match["name"], value[0]):
            continue
        at = value.end()
        yield value.span()
