"""cfn-lint, in this process, on rendered templates. Imported only when asked for: it is large."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cfnlint.api import lint as lint_text
from cfnlint.config import ManualArgs

_REGION = "us-east-1"


@dataclass(frozen=True, slots=True)
class Complaint:
    """One match of cfn-lint, with the file as the user names it."""

    file: str
    line: int
    column: int
    rule: str
    message: str

    @property
    def is_error(self) -> bool:
        return self.rule.startswith("E")

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.rule}: {self.message}"


def lint(folder: Path, files: Mapping[str, bytes]) -> tuple[Complaint, ...]:
    """All that cfn-lint has to say of the templates among the files, in the order of files and lines."""
    complaints = []
    for name, content in files.items():
        if ".template." in name:
            for match in lint_text(content.decode(), config=ManualArgs(regions=[_REGION])):
                place = (str(folder / name), int(match.linenumber), int(match.columnnumber))
                complaints.append(Complaint(*place, str(match.rule.id), " ".join(str(match.message).split())))
    return tuple(sorted(complaints, key=lambda c: (c.file, c.line, c.column, c.rule)))
