"""The stage of values: what every container is told, with connections rewritten and secrets taken out.

In: the canonical project, the services that run as containers, the endpoints of those that moved. Out: environment,
command, entrypoint, health check and labels of each container as texts with holes, and the parameters and secrets that
fill them. Every value is decided in the ledger. No literal part of any text that leaves here is a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from compose2aws.compose.node import Scalar, find
from compose2aws.compose.project import InactiveService, Project
from compose2aws.planning.endpoint import Endpoint
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.model.secret import Parameter, StoredSecret
from compose2aws.planning.text import Hole
from compose2aws.planning.values.client import Stage, read_client, references
from compose2aws.planning.values.command_values import plan_health_command, plan_invocation, plan_labels
from compose2aws.planning.values.concealment import concealment
from compose2aws.planning.values.container_values import ContainerValues, Reference
from compose2aws.planning.values.counterpart import Counterpart, counterpart
from compose2aws.planning.values.environment_values import environment_variable, tls_variables
from compose2aws.planning.values.host_names import host_names
from compose2aws.planning.values.parameter_book import ParameterBook
from compose2aws.planning.values.unknown_host import tell_of_unknown_hosts

__all__ = ["ContainerValues", "Reference", "Values", "plan_values"]


@dataclass(frozen=True, slots=True)
class Values:
    """What the containers are told, by compose service, and the parameters and secrets that it takes."""

    by_service: dict[str, ContainerValues]
    parameters: tuple[Parameter, ...]
    secrets: tuple[StoredSecret, ...]
    holds_secret: Callable[[Scalar], bool] = field(repr=False, compare=False)
    """Whether a value anywhere in the file has a secret in it that is known from a container's values."""


def plan_values(
    project: Project,
    ledger: Ledger,
    services: tuple[str, ...],
    endpoints: Mapping[str, Endpoint],
    given: frozenset[str] = frozenset(),
    entrypoints: Mapping[str, tuple[str, ...]] | None = None,
) -> Values:
    """The values of `services` (compose services that run as containers, in the file's order). `endpoints` are the
    managed services by compose name; `given` are those whose password reaches a client by another way, as a file;
    `entrypoints` are the images' own, where they are known."""
    counterparts = {service: counterpart(project.root, endpoint) for service, endpoint in endpoints.items()}
    book = ParameterBook(ledger)
    stage = Stage(
        root=project.root,
        ledger=ledger,
        names=host_names(project.root, endpoints),
        counterparts=counterparts,
        concealment=concealment(project.root, counterparts, book),
        book=book,
        entrypoints=entrypoints or {},
    )
    inactive = {service.name: service for service in project.inactive}
    by_service = {service: _container_values(stage, service, inactive) for service in services}
    for of in counterparts.values():
        if of.has_login and of.service not in stage.served | given:
            _without_client(stage, of, services, by_service)
        elif of.has_login and of.endpoint.aws_user is None:
            _clients_without_password(stage, of, by_service)
    _refuse_secret_users(stage, services)
    parameters = tuple(_used(book.parameters, by_service, book.secrets))
    return Values(by_service, parameters, book.secrets, stage.concealment.holds)


def _refuse_secret_users(stage: Stage, services: tuple[str, ...]) -> None:
    """`user` and `working_dir` stand in the task definition as they are, where everybody reads them."""
    for service in services:
        for key, instruction in (("user", "USER"), ("working_dir", "WORKDIR")):
            value = find(stage.root, ("services", service, key))
            if isinstance(value, Scalar) and stage.concealment.holds(value):
                stage.ledger.refuse(
                    ("services", service, key),
                    "secret-in-key",
                    f"`{key}` of {service} holds a secret, which everyone who may read the task definition would see",
                    f"write another value, or set it in the image's Dockerfile (`{instruction}`)",
                )


def _used(
    parameters: tuple[Parameter, ...], by_service: Mapping[str, ContainerValues], secrets: tuple[StoredSecret, ...]
) -> Iterator[Parameter]:
    """Without those of texts that were dropped or refused: nobody should be asked for them."""
    texts = [secret.text for secret in secrets]
    for values in by_service.values():
        texts += [variable.text for variable in values.environment]
        texts += [*(values.entrypoint or ()), *(values.command or ()), *(text for _, text in values.labels)]
    names = {hole.of for text in texts for hole in text.holes if "parameter" in hole.fact}
    yield from (parameter for parameter in parameters if parameter.name in names)


def _container_values(stage: Stage, service: str, inactive: Mapping[str, InactiveService]) -> ContainerValues:
    """All values of a service that runs as a container, decided in the ledger."""
    client = read_client(stage, service)
    tell_of_unknown_hosts(client, inactive)
    for value in client.environment.values():
        client.variables[value.name] = environment_variable(client, value)
    tls_variables(client)
    health = plan_health_command(client)
    invocation = plan_invocation(client)
    labels = tuple(plan_labels(client))
    return ContainerValues(
        environment=tuple(client.variables.values()),
        entrypoint=invocation.entrypoint,
        command=invocation.command,
        health_command=health,
        labels=labels,
        references=references(client),
    )


def _clients_without_password(stage: Stage, of: Counterpart, by_service: Mapping[str, ContainerValues]) -> None:
    """Clients of a cache that name it and show no password: it would refuse them."""
    for service, values in by_service.items():
        naming = [r.path for r in values.references if r.service == of.service and r.path[2] == "environment"]
        texts = [*(v.text for v in values.environment), *(values.entrypoint or ()), *(values.command or ())]
        if naming and Hole("password", of.service) not in (hole for text in texts for hole in text.holes):
            stage.ledger.find(
                "cache-password-not-given",
                "error",
                f"{naming[0][-1]} of {service} names the cache {of.service}, which asks for a password that AWS "
                f"generates, and no value of {service} was found that takes it",
                f"give {service} the cache's password in a variable beside it (`REDIS_PASSWORD`) or in a URL, or take "
                f"the password out of {of.service}",
                naming[0],
            )


def _without_client(
    stage: Stage, of: Counterpart, services: tuple[str, ...], by_service: Mapping[str, ContainerValues]
) -> None:
    """A database with a password that nobody was given: the app would be refused."""
    naming = [s for s in services if any(r.service == of.service for r in by_service[s].references)]
    waiting = [s for s in services if find(stage.root, ("services", s, "depends_on", of.service)) is not None]
    sharing = [s for s in services if stage.names.near(s, of.service)]
    likely = naming or waiting or sharing
    who = f"; likely clients: {', '.join(likely[:5])}" if likely else ""
    stage.ledger.find(
        "database-without-client",
        "error",
        f"{of.service} becomes a managed {of.endpoint.mapping.title} with a new password, and no value of any service "
        f"was found that takes it{who}",
        f"give the client its address and login in a variable that names {of.service}, or keep the container with "
        "`x-aws: {managed: false}`",
        ("services", of.service),
    )
