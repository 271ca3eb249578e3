"""Parameters of the stacks, and secrets that are built of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.text import Text


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a stack.

    `source` tells `deploy` where its value comes from: `variable:NAME` (environment or `.env`), `compose:POINTER` (a
    secret written in the compose file), `file:NAME` (a secret's file, or the variable that stands in for it),
    `external:NAME` (a secret that is declared elsewhere: that variable alone), `image:SERVICE` (the digest of a built
    image), `hosted-zone:DOMAIN`, `engine:SERVICE` (kept at its previous value), `setting:NAME`. `value` is
    the secret that the compose file, another file or the environment holds for it now: `deploy` passes it on; it is
    never written or printed.
    """

    name: str
    source: str
    description: str
    secret: bool = False
    default: str | None = None
    value: str | None = field(default=None, repr=False, compare=False)
    allowed_values: tuple[str, ...] = ()

    @property
    def required(self) -> bool:
        return self.default is None


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A secret of Secrets Manager that holds a text: a connection string, or the value of a no-echo parameter.

    `only_if` names a parameter that may be empty; the secret exists where it is not (a secret cannot be empty).
    """

    id: ResourceId
    text: Text
    description: str
    only_if: str | None = None
    source: Path | None = None
