"""Text that CloudFormation would not take as it is written.

`{{resolve:…}}` in a property is a dynamic reference: CloudFormation would put the secret itself into a task definition
that many may read. Source: AWS CloudFormation User Guide, "Get values stored in other services using dynamic
references".
"""

from __future__ import annotations

from collections.abc import Mapping

from compose2aws.compose.node import Path
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.text import Text
from compose2aws.planning.values import ContainerValues

_REFERENCE = "{{resolve:"


def refuse_dynamic_references(values: Mapping[str, ContainerValues], ledger: Ledger) -> None:
    """Refuse every value of a container that holds one."""
    for service, found in values.items():
        at: Path = ("services", service)
        for variable in found.environment:
            _check(variable.text, variable.source or (*at, "environment", variable.name), ledger)
        for key, words in (("entrypoint", found.entrypoint), ("command", found.command)):
            for word in words or ():
                _check(word, (*at, key), ledger)
        for name, text in found.labels:
            _check(text, (*at, "labels", name), ledger)


def _check(text: Text, path: Path, ledger: Ledger) -> None:
    if any(isinstance(part, str) and _REFERENCE in part for part in text.parts):
        ledger.refuse(
            path,
            "dynamic-reference",
            f"`{_REFERENCE}…}}}}` would be filled in by CloudFormation, and everyone who may read the task definition "
            "would see the value",
            "take the text apart, or give the value as a secret",
        )
