"""The parameters and secrets that values ask for: one of each variable, one of each literal secret's place.

Names come from the variable, or from the service and the key, alone; so nothing that is added elsewhere renames them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from compose2aws.compose.node import Mapping, Path
from compose2aws.planning.identity import ResourceId, digest, variable_id
from compose2aws.planning.ledger import Ledger, people_path, pointer
from compose2aws.planning.model.base import named
from compose2aws.planning.model.secret import Parameter, StoredSecret
from compose2aws.planning.source import first_name
from compose2aws.planning.text import SENSITIVE, Hole, Text

# AWS CloudFormation User Guide, "Quotas": the longest value of a parameter.
LONGEST_VALUE = 4096

_ENDPOINT_FACTS = frozenset(("host", "reader-host", "port", "user", "password", "database"))


@dataclass(slots=True)
class ParameterBook:
    """Collects parameters and secrets; the only state of the stage besides the ledger."""

    ledger: Ledger
    _parameters: dict[str, Parameter] = field(default_factory=dict)
    _literals: dict[Path, list[str]] = field(default_factory=dict)
    _secrets: dict[ResourceId, StoredSecret] = field(default_factory=dict)

    def variable(
        self,
        name: str,
        path: Path,
        *,
        secret: bool,
        value: str | None = None,
        message: str | None = None,
        optional: bool = False,
    ) -> Hole:
        """The hole of a variable's value. `value` is what it is now; `message` that of a `${NAME:?message}`; an
        optional variable may stay empty although it is secret."""
        required = message is not None or (secret and not optional)
        description = message or f"The variable {name} of the compose file."
        parameter = Parameter(
            name=variable_id(name),
            source=f"variable:{name}",
            description=description,
            secret=secret,
            default=None if required else "",
            value=value,
        )
        before = self._parameters.get(parameter.name)
        if before is not None:
            parameter = replace(
                before,
                description=before.description if message is None else parameter.description,
                secret=before.secret or secret,
                default=None if before.required or required else "",
                value=before.value if before.value is not None else value,
            )
        self._check(value, path)
        self._parameters[parameter.name] = parameter
        return Hole("secret-parameter" if secret else "parameter", parameter.name)

    def literal(self, service: str, key: str, path: Path, text: str) -> Hole:
        """The hole of a secret that is written in the compose file at `path`."""
        texts = self._literals.setdefault(path, [])
        if text not in texts:
            texts.append(text)
        number = texts.index(text) + 1
        first = first_name(self.ledger.root, service)
        name = variable_id(f"{first}/{key}" if number == 1 else f"{first}/{key}/{number}")
        if name not in self._parameters:
            self._check(text, path)
            self._parameters[name] = Parameter(
                name=name,
                source=f"compose:{pointer(path)}",
                description=f"A secret that stands in the compose file at {people_path(path)}.",
                secret=True,
                value=text,
            )
        return Hole("secret-parameter", name)

    def stored(self, text: Text, path: Path) -> ResourceId:
        """The secret that holds a sensitive text, the same for the same text. A managed service's password alone is
        taken from its master login (`master_login`), not stored again."""
        only = text.holes[0] if len(text.parts) == 1 and text.holes else None
        if only is not None and only.fact == "secret-parameter":
            id_ = ResourceId("AWS::SecretsManager::Secret", only.of + "Stored")
            parameter = self._parameters[only.of]
            secret = StoredSecret(
                id_, text, parameter.description, None if parameter.required else parameter.name, path
            )
        else:
            first = next((hole.of for hole in text.holes if hole.fact in _ENDPOINT_FACTS), None)
            owner = first or next(hole.of for hole in text.holes if hole.fact in SENSITIVE)
            parts = (self._first_named(part) for part in text.parts)
            name = f"{first_name(self.ledger.root, owner)}-{digest(chr(0).join(map(repr, parts)))}"
            id_ = named("AWS::SecretsManager::Secret", name, "Connection")
            # whoever wants it first must not change what it says
            before = self._secrets.get(id_)
            path = min(path, (before and before.source) or path, key=people_path)
            what = f"A connection to {first}." if first else f"A text with the parameter {owner} in it."
            secret = StoredSecret(id_, text, what, None, path)
        self._secrets[id_] = secret
        return id_

    def _first_named(self, part: str | Hole) -> str | Hole:
        """A part of a text under the first name of the service that it tells of."""
        if isinstance(part, Hole) and part.fact in _ENDPOINT_FACTS:
            return replace(part, of=first_name(self.ledger.root, part.of))
        return part

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """By name: their order must not hang on the order of services."""
        return tuple(self._parameters[name] for name in sorted(self._parameters))

    @property
    def secrets(self) -> tuple[StoredSecret, ...]:
        """By id. Whether one may be missing is known only when all values are read."""

        def settled(secret: StoredSecret) -> StoredSecret:
            if secret.only_if is not None and self._parameters[secret.only_if].required:
                return replace(secret, only_if=None)
            return secret

        return tuple(settled(self._secrets[id_]) for id_ in sorted(self._secrets))

    def optional(self, hole: Hole) -> bool:
        """Whether the parameter of a hole may be empty."""
        parameter = self._parameters.get(hole.of) if hole.fact in ("parameter", "secret-parameter") else None
        return parameter is not None and not parameter.required

    def _check(self, value: str | None, path: Path) -> None:
        size = len(value.encode()) if value is not None else 0
        if size > LONGEST_VALUE:
            self.ledger.refuse(
                path,
                "secret-too-long",
                f"a secret of {size} bytes stands here; a parameter of CloudFormation holds at most {LONGEST_VALUE}",
                "let the app read it from Secrets Manager or S3 itself",
            )


def master_login(root: Mapping, service: str) -> ResourceId:
    """The generated login of a managed service; its JSON has the key `password`."""
    return named("AWS::SecretsManager::Secret", first_name(root, service), "MasterLogin")
