"""The HTTP path that a health check asks of its own container."""

from __future__ import annotations

import re
import urllib.parse

_URL = re.compile(r"https?://(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1\])(?::(\d+))?(/[^\s'\"|;&)]*)?", re.I)


def asked_paths(test: tuple[str, ...]) -> dict[int, str]:
    """The HTTP paths that a health check asks of its own container (`curl -f http://localhost:3000/health`), by
    port."""
    found: dict[int, str] = {}
    for word in test:
        for match in _URL.finditer(word):
            path = urllib.parse.urlsplit(match[2] or "/").path or "/"
            found.setdefault(int(match[1] or 80), path)
    return found
