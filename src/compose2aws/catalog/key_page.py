"""Writes `docs/compose-keys.md` anew: the table of keys as a page. Run by `make docs` after an edit of the table."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from compose2aws.catalog.catalog import load_catalog
from compose2aws.catalog.model import KeyRow

_HEAD = """# What each key of a compose file becomes

Written by `make docs` from `mappings/keys.yaml`; not edited by hand. `compose2aws explain` tells what the keys of one
project became, and why.

| outcome | meaning |
|---|---|
| translated | AWS does the same |
| adapted | AWS does it in another way; the app should not notice |
| inert | nothing to do: it is about Docker, or so already |
| dropped | left out, and the app may notice |
| refused | cannot be done and cannot be left out: nothing is written until it is changed |

Where several outcomes stand, the value decides; the usual one stands first. `*` stands for a name or an index.
`include`, `extends`, `env_file` and `label_file` are not here: they are read first, and what they bring stands in the
other keys. Of each row, with each of its outcomes, there is an example in `tests/golden`.
"""
_TITLES = {"name": "The project", "services": "Services", "networks": "The other sections"}


def page(rows: Iterable[KeyRow]) -> str:
    """The page, a table for the services and one for what stands beside them."""
    text = _HEAD
    for row in rows:
        if (title := _TITLES.get(row.pattern[0])) and f"## {title}\n" not in text:
            text += f"\n## {title}\n\n| key | outcome | becomes | how |\n|---|---|---|---|\n"
        text += _line(row)
    return text


def _line(row: KeyRow) -> str:
    key = ".".join(row.pattern[2:]) if row.pattern[0] == "services" else ".".join(row.pattern)
    becomes = ", ".join(kind.removeprefix("AWS::").replace("::", " ") for kind in row.types)
    how = f"{row.how}. {row.remedy[:1].upper()}{row.remedy[1:]}" if row.remedy else row.how
    cells = (f"`{key}`" if key else "the service itself", ", ".join(row.outcomes), becomes, how.replace("|", "\\|"))
    return f"| {' | '.join(cells)} |\n"


def main() -> None:
    Path(sys.argv[1]).write_text(page(load_catalog().keys), encoding="utf-8")


if __name__ == "__main__":
    main()
