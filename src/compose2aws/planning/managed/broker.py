"""Message brokers: Amazon MQ for RabbitMQ."""

from __future__ import annotations

from compose2aws.planning.ledger import Ledger
from compose2aws.planning.managed.draft import Access, Draft, Family
from compose2aws.planning.model import MessageBroker

# Amazon MQ Developer Guide, "Security best practices": AMQP over TLS, and the management console over HTTPS.
_AMQPS = 5671
_HTTPS = 443
# RabbitMQ documentation, "Management Plugin".
_MANAGEMENT = 15672


def _rabbitmq(draft: Draft) -> MessageBroker:
    """One family of instances in both tiers, as RabbitMQ 4 wants it: one can grow into the other in place."""
    return MessageBroker(
        service=draft.service.name,
        version=draft.version,
        port=_AMQPS,
        management_port=_HTTPS,
        user=draft.user,
        instance_type="mq.m7g.large" if draft.production else "mq.m7g.medium",
        security_group=draft.security_group,
        source=draft.service.path,
    )


def _access(draft: Draft) -> Access:
    del draft
    return Access(port=_AMQPS, further_ports=((_MANAGEMENT, _HTTPS),), tls=True)


def _tell(draft: Draft, ledger: Ledger) -> None:
    service = draft.service
    ledger.find(
        "broker-in-one-zone",
        "note",
        f"{service.name} is one broker in one zone in every tier: its deployment mode and its subnets cannot change "
        "later without losing the queues",
        "for a cluster over several zones, patch DeploymentMode to CLUSTER_MULTI_AZ and SubnetIds before the first "
        "deployment",
        service.path,
    )
    for index in range(len(service.items("ports"))):
        if service.text("ports", index, "target") == str(_MANAGEMENT):
            ledger.find(
                "broker-console",
                "note",
                f"the management page of {service.name} is not published; inside the network it is https:// at the "
                f"broker's own address, port {_HTTPS}, with the generated login",
                "",
                service.at("ports", index),
            )
    for variable in draft.mapping.login.virtual_host_variables:
        host = service.text("environment", variable)
        if host and host != "/":
            ledger.find(
                "virtual-host-missing",
                "error",
                f"{variable} of {service.name} asks for a virtual host of its own; Amazon MQ makes `/` alone, and "
                "clients that name another are refused until it is made",
                "make it through the broker's management API (PUT /api/vhosts/NAME) in a job that the clients wait "
                "for, use `/`, or keep the container with `x-aws: {managed: false}`",
                service.at("environment", variable),
            )


RABBITMQ = Family(_rabbitmq, _access, _tell, backups=False)
