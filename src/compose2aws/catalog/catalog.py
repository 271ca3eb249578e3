"""Reads the tables of `mappings/` and answers what an image is.

A user's own mappings (`--mappings DIR`) stand before ours: the first mapping whose pattern matches wins.
"""

from __future__ import annotations

import fnmatch
import functools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from compose2aws.catalog.image import ImageReference
from compose2aws.catalog.model import (
    AlarmRule,
    ClientOptions,
    ClientTls,
    ImageMapping,
    Initialisation,
    KeyRow,
    Lack,
    Login,
    RefusedStatement,
    Reserved,
    SettingRules,
    VersionRule,
)

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class MappingError(Exception):
    """A mapping file cannot be used. `problems` are `file:line: …` sentences."""

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Catalog:
    """The tables of images and keys. `versions` are the creatable versions of each engine, ascending. `mirrored` are
    Docker Hub's official images that ECR Public's mirror holds. `alarms` are those of each kind of thing."""

    mappings: tuple[ImageMapping, ...]
    keys: tuple[KeyRow, ...]
    versions: dict[str, tuple[str, ...]]
    mirrored: frozenset[str]
    alarms: dict[str, tuple[AlarmRule, ...]]
    tree: _KeyTree = field(repr=False)

    def mapping(self, image: ImageReference) -> ImageMapping | None:
        """The first mapping that names this image, or None."""
        return next((m for m in self.mappings if _matches(m, image)), None)

    def named(self, name: str) -> ImageMapping | None:
        """The mapping of this name, or None."""
        return next((m for m in self.mappings if m.name == name), None)

    def creatable(self, engine: str, major: str) -> tuple[str, ...]:
        """The full versions of a major that can be created, ascending."""
        pattern = re.compile(re.escape(major) + r"\.(\d+|mysql_aurora\.)[\d.]*\Z")
        exact = tuple(v for v in self.versions.get(engine, ()) if pattern.match(v))
        return exact or tuple(v for v in self.versions.get(engine, ()) if v == major)

    def row(self, path: tuple[str | int, ...]) -> KeyRow | None:
        """The row whose pattern fits this very path."""
        tree = self.tree.find(tuple(str(step) for step in path))
        return tree.row if tree else None

    def has_rows_below(self, path: tuple[str, ...]) -> bool:
        """Whether some row's pattern begins with this path and goes on."""
        tree = self.tree.find(path)
        return tree is not None and bool(tree.below)


def load_catalog(own: Iterable[Path] = ()) -> Catalog:
    """The tables of the package with the mappings of the given folders before them.

    Raises `MappingError` where a file of a given folder is not a mapping.
    """
    folder = _folder()
    mappings: list[ImageMapping] = []
    for extra in own:
        files = sorted((*extra.glob("*.yaml"), *extra.glob("*.yml")))
        if not files:
            raise MappingError((f"{extra}: holds no *.yaml file",))
        mappings += [_checked(file, folder / "mapping.schema.yaml") for file in files]
    mappings += [_mapping(_read(file), str(file.name)) for file in sorted((folder / "images").glob("*.yaml"))]
    keys = tuple(_key_row(row) for row in _read(folder / "keys.yaml")["keys"])
    versions = _read(folder / "versions.yaml")
    mirrors = _read(folder / "mirrors.yaml")
    return Catalog(
        mappings=tuple(mappings),
        keys=keys,
        versions={engine: tuple(map(str, listed)) for engine, listed in versions["engines"].items()},
        mirrored=frozenset(mirrors["images"]),
        alarms={thing: tuple(_alarms(row)) for thing, row in _read(folder / "alarms.yaml")["things"].items()},
        tree=_tree_of(keys),
    )


def _folder() -> Path:
    """Inside the installed package, else at the top of the repository."""
    packaged = Path(__file__).parent.parent / "mappings"
    return packaged if packaged.is_dir() else Path(__file__).parents[3] / "mappings"


@functools.cache
def read_table(name: str) -> Any:
    """A table of the package that is no part of the catalog (`update-effects`): what other rooms know as data. It is
    read once, so nobody may change it."""
    return _read(_folder() / f"{name}.yaml")


def settings_schema() -> dict[str, Any]:
    """The JSON Schema of `x-aws`."""
    return dict(_read(_folder() / "x-aws.schema.yaml"))


def _read(file: Path) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), _Loader)  # noqa: S506 - a safe loader, written in C


def _checked(file: Path, schema: Path) -> ImageMapping:
    try:
        data = _read(file)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise MappingError((f"{file}: cannot be read as YAML: {str(error).splitlines()[0]}",)) from error
    import jsonschema_rs  # noqa: PLC0415 - only a user's own mappings need the check at run time

    # YAML's keys may be numbers, and its scalars dates; a schema speaks of JSON
    data = json.loads(json.dumps(data, default=str))
    validator = jsonschema_rs.validator_for(_read(schema))
    problems = tuple(
        f"{file}: {'.'.join(map(str, error.instance_path)) or 'the file'}: {error.message}"
        for error in validator.iter_errors(data)
    )
    if problems:
        raise MappingError(problems)
    return _mapping(data, str(file))


def _mapping(data: dict[str, Any], file: str) -> ImageMapping:
    login = data.get("login", {})
    versions = data.get("versions")
    tls = data.get("tls", {})
    settings = data.get("settings")
    reserved = data.get("reserved", {})
    initialise = data.get("initialise")
    return ImageMapping(
        name=data["name"],
        title=data["title"],
        becomes=data["becomes"],
        images=tuple(data["images"]),
        file=file,
        excluded=tuple(data.get("excluded", ())),
        port=data.get("port"),
        protocols=tuple((int(port), protocol) for port, protocol in data.get("protocols", {}).items()),
        schemes=frozenset(data.get("schemes", ())),
        login=Login(
            user_variables=tuple(login.get("user", {}).get("variables", ())),
            user=login.get("user", {}).get("default"),
            password_variables=tuple(login.get("password", {}).get("variables", ())),
            password_arguments=tuple(login.get("password", {}).get("arguments", ())),
            database_variables=tuple(login.get("database", {}).get("variables", ())),
            database=login.get("database", {}).get("default"),
            administrator=login.get("administrator", {}).get("name"),
            administrator_password_variables=tuple(login.get("administrator", {}).get("password", ())),
            virtual_host_variables=tuple(login.get("virtual-host", {}).get("variables", ())),
            switched_off_variables=tuple(login.get("switched-off", {}).get("variables", ())),
        ),
        versions=VersionRule(
            engine=versions["engine"],
            tag=versions["tag"],
            majors=tuple(map(str, versions["majors"])),
            latest=str(versions["latest"]),
            parameter_family=versions.get("parameter-family", ""),
        )
        if versions
        else None,
        parameters=_pairs(data.get("parameters", {})),
        production_parameters=_pairs(data.get("production-parameters", {})),
        tls_off=_pairs(tls.get("off", {})),
        tls_on=_pairs(tls.get("on", {})),
        client_tls=_client_tls(tls),
        settings=SettingRules(
            style=settings["style"],
            allowed=frozenset(settings["allowed"]),
            absorbed=frozenset(settings.get("absorbed", ())),
            units=dict(settings.get("units", {})),
            options=dict(settings.get("options", {})),
        )
        if settings
        else None,
        reserved=Reserved(frozenset(reserved.get("users", ())), frozenset(reserved.get("databases", ()))),
        lacks=tuple(
            Lack(row["says"], tuple(row.get("variables", ())), frozenset(row.get("databases", ())))
            for row in data.get("lacks", ())
        ),
        data=tuple(data.get("data", ())),
        init=tuple(data.get("init", ())),
        initialisation=_initialisation(initialise) if initialise else None,
        memory=data.get("memory"),
        cpu=data.get("cpu"),
        entrypoint=tuple(data["entrypoint"]) if "entrypoint" in data else None,
        note=data.get("note", ""),
        finds_services_by_socket=data.get("finds-services-by-socket", False),
    )


def _initialisation(initialise: dict[str, Any]) -> Initialisation:
    return Initialisation(
        variables=tuple(initialise["variables"].items()),
        script=initialise["script"],
        users=tuple(initialise.get("users", ())),
        refused=tuple(
            RefusedStatement(
                row["statement"], row["says"], row["instead"], str(row.get("before", "")), row.get("unless", "")
            )
            for row in initialise.get("refused", ())
        ),
    )


def _client_tls(tls: dict[str, Any]) -> ClientTls:
    def options(row: dict[str, Any]) -> ClientOptions:
        return ClientOptions(
            options=_pairs(row["options"]),
            kept=frozenset(str(value).lower() for value in row.get("kept", ())),
            drivers=tuple(row.get("drivers", ())),
            separator=row.get("separator", ""),
            begins=row.get("begins", ""),
        )

    return ClientTls(
        schemes=dict(tls.get("schemes", {})),
        urls=tuple(map(options, tls.get("urls", ()))),
        strings=tuple(map(options, tls.get("strings", ()))),
        variables={name: _pairs(given) for name, given in tls.get("variables", {}).items()},
    )


def _pairs(entries: dict[str, object]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (str(name), str(value).lower() if isinstance(value, bool) else str(value)) for name, value in entries.items()
    )


def _key_row(row: dict[str, Any]) -> KeyRow:
    outcome: Any = row["outcome"]
    outcomes: Any = [outcome] if isinstance(outcome, str) else outcome
    return KeyRow(
        pattern=tuple(row["key"].split(".")),
        decided=row.get("decided", "table"),
        outcomes=tuple(outcomes),
        types=tuple(row.get("becomes", ())),
        how=row.get("how", ""),
        code=row.get("code", ""),
        severity=row.get("finding"),
        remedy=row.get("remedy", ""),
    )


def _alarms(thing: dict[str, Any]) -> Iterator[AlarmRule]:
    for row in thing["alarms"]:
        yield AlarmRule(
            name=row["name"],
            namespace=thing["namespace"],
            metric=row["metric"],
            statistic=row["statistic"],
            side="above" if "above" in row else "below",
            threshold=row["above"] if "above" in row else row["below"],
            of=row.get("of"),
            minutes=row["minutes"],
            says=row["says"],
        )


def _matches(mapping: ImageMapping, image: ImageReference) -> bool:
    return any(image_fits(p, image) for p in mapping.images) and not any(image_fits(p, image) for p in mapping.excluded)


def image_fits(pattern: str, image: ImageReference) -> bool:
    """Whether an image is one of a shell pattern on its repository; a pattern with a `:` looks at the tag too."""
    names = [image.repository] if image.is_docker_hub else [f"{image.registry}/{image.repository}"]
    if image.registry == "public.ecr.aws":
        # the mirror of Docker Hub's library holds the same images
        names.append(image.repository.removeprefix("docker/library/"))
    tagged = [f"{name}:{image.tag or 'latest'}" for name in names]
    return any(fnmatch.fnmatchcase(name, pattern) for name in (tagged if ":" in pattern else names))


@dataclass(slots=True)
class _KeyTree:
    """Finds a row by its path, step by step; a step's own name wins over `*`."""

    row: KeyRow | None = None
    below: dict[str, _KeyTree] = field(default_factory=dict)

    def find(self, path: tuple[str, ...]) -> _KeyTree | None:
        tree: _KeyTree | None = self
        for step in path:
            if tree is None:
                return None
            tree = tree.below.get(step) or tree.below.get("*")
        return tree


def _tree_of(rows: Iterable[KeyRow]) -> _KeyTree:
    root = _KeyTree()
    for row in rows:
        tree = root
        for step in row.pattern:
            tree = tree.below.setdefault(step, _KeyTree())
        tree.row = row
    return root
