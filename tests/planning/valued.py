"""Plans the values of a project that is written in the test: compose text in, what each container is told out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache

from compose2aws.catalog import Catalog, load_catalog, parse_image
from compose2aws.compose import LoadOptions, Node, Project, Scalar, find, load
from compose2aws.compose import Mapping as TreeMapping
from compose2aws.planning.endpoint import Endpoint, Login
from compose2aws.planning.ledger import Decision, Finding, Ledger
from compose2aws.planning.model.secret import Parameter
from compose2aws.planning.model.workload import EnvironmentVariable
from compose2aws.planning.values import Values, plan_values
from compose2aws.planning.values.container_values import ContainerValues

MONGO_QUERY = (("replicaSet", "rs0"), ("retryWrites", "false"), ("authSource", "admin"))


@dataclass(frozen=True, slots=True)
class Valued:
    """The result of the stage, and the ledger it wrote."""

    project: Project
    values: Values
    ledger: Ledger

    def of(self, service: str = "app") -> ContainerValues:
        return self.values.by_service[service]

    def variable(self, name: str, service: str = "app") -> EnvironmentVariable:
        return next(v for v in self.of(service).environment if v.name == name)

    def text(self, name: str, service: str = "app") -> str:
        """A variable's text as people read it, holes in braces."""
        return str(self.variable(name, service).text)

    def texts(self, service: str = "app") -> dict[str, str]:
        return {variable.name: str(variable.text) for variable in self.of(service).environment}

    def parameter(self, name: str) -> Parameter:
        return next(p for p in self.values.parameters if p.name == name)

    def decision(self, *path: str) -> Decision:
        return next(d for d in self.ledger.decisions if d.path == path)

    def findings(self, code: str) -> tuple[Finding, ...]:
        return tuple(f for f in self.ledger.findings if f.code == code)

    @property
    def printed(self) -> str:
        """All that may be written or printed of the values."""
        said = [repr(self.values)]
        said += [decision.reason for decision in self.ledger.decisions]
        said += [finding.message + finding.remedy for finding in self.ledger.findings]
        return "\n".join(said)


@cache
def catalog() -> Catalog:
    return load_catalog()


def valued(text: str, environment: Mapping[str, str] | None = None, **changes: Mapping[str, object]) -> Valued:
    """Plans compose text. `environment` sets variables; `changes` are fields of the endpoints, by service."""
    options = LoadOptions(
        files=("-",), stdin=text, project_name="test", environment=environment or {}, required_variables="hole"
    )
    project = load(options)
    ledger = Ledger(project.root)
    endpoints = {
        name: replace(endpoint, **changes.get(name, {}))  # type: ignore[arg-type]
        for name, endpoint in endpoints_of(project).items()
    }
    running = tuple(name for name in services_of(project) if name not in endpoints)
    return Valued(project, plan_values(project, ledger, running, endpoints), ledger)


def app(environment: str, database: str = "", image: str = "postgres:16", **variables: str) -> str:
    """A service `app` with these lines of environment, and a database `db` with these."""
    lines = "\n".join(f"      {line.strip()}" for line in environment.strip().splitlines())
    own = "\n".join(f"      {line.strip()}" for line in database.strip().splitlines())
    return f"services:\n  app:\n    image: acme/app\n    environment:\n{lines}\n  db:\n    image: {image}\n" + (
        f"    environment:\n{own}\n" if own else ""
    )


def services_of(project: Project) -> dict[str, Node]:
    section = project.root.get("services")
    assert isinstance(section, TreeMapping)
    return section.entries


def endpoints_of(project: Project) -> dict[str, Endpoint]:
    """The managed services of a project, told by their images, with nothing renamed."""
    found: dict[str, Endpoint] = {}
    for name, node in services_of(project).items():
        image = find(node, ("image",))
        mapping = catalog().mapping(parse_image(image.text)) if isinstance(image, Scalar) else None
        if mapping is None or not mapping.managed or mapping.port is None:
            continue

        def first(names: tuple[str, ...], service: str = name) -> Scalar | None:
            nodes = (find(project.root, ("services", service, "environment", n)) for n in names)
            return next((n for n in nodes if isinstance(n, Scalar)), None)

        login = mapping.login
        named = first(login.user_variables)
        user = named.text if named is not None and named.text else login.user
        password = first(login.password_variables)
        logins = [Login(user, password)] if user or password else []
        if login.administrator:
            logins.append(Login(login.administrator, first(login.administrator_password_variables)))
        database = first(login.database_variables)
        named_database = database.text if database is not None and database.text else None
        if named_database is None and login.database == "@user":
            named_database = user
        names = {name}
        for key in ("container_name", "hostname"):
            value = find(node, (key,))
            if isinstance(value, Scalar):
                names.add(value.text)
        cache_ = mapping.becomes == "elasticache-valkey"
        found[name] = Endpoint(
            service=name,
            mapping=mapping,
            hosts=frozenset(names),
            port=mapping.port,
            aws_port=mapping.port,
            logins=tuple(logins),
            aws_user=None if cache_ else user,
            database=named_database,
            aws_database=named_database,
            query=MONGO_QUERY if mapping.becomes == "documentdb" else (),
            passwordless=cache_,
        )
    return found
