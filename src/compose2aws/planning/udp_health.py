"""A TCP port for the health checks of services that speak UDP alone.

A network balancer checks UDP targets over TCP, and ECS replaces tasks that fail its checks. A small container beside
the service answers there: it tells that the task runs and is reached, not that the service answers.
Source: Elastic Load Balancing, "Health checks for Network Load Balancer target groups", UDP.
"""

from __future__ import annotations

from compose2aws.planning.identity import first_container
from compose2aws.planning.model import Container, ContainerDependency, Image, Logging, PortMapping, named
from compose2aws.planning.text import Text

ANSWERING_PORT = 65080


def with_answer(
    identity: str, main: str, containers: tuple[Container, ...], image: Image, retention: int
) -> tuple[Container, ...]:
    """The containers of a task, with one of the helper's `image` behind them that answers health checks once the
    container `main` runs."""
    name = first_container("health", identity)
    answer = Container(
        name=name,
        image=image,
        logging=Logging(named("AWS::Logs::LogGroup", identity, "LogGroup"), retention, name),
        essential=False,
        entrypoint=(Text.of("httpd"),),
        command=tuple(Text.of(word) for word in ("-f", "-p", str(ANSWERING_PORT))),
        ports=(PortMapping(ANSWERING_PORT),),
        depends_on=(ContainerDependency(main, "START"),),
    )
    return (*containers, answer)
