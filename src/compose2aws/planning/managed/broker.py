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
_ROOT = "/"


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
        was=draft.service.settings.was,
    )


def _access(draft: Draft) -> Access:
    variable = _virtual_host(draft)
    return Access(
        port=_AMQPS,
        further_ports=((_MANAGEMENT, _HTTPS),),
        tls=True,
        database=None if variable is None else draft.service.text("environment", variable) or "",
        aws_database=None if variable is None else _ROOT,
    )


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
    if (renamed := _virtual_host(draft)) is not None:
        ledger.find(
            "virtual-host-renamed",
            "warning",
            f"Amazon MQ makes the virtual host {_ROOT!r} alone; what {service.name} calls its own is {_ROOT!r} there, "
            "and every connection that was rewritten says so",
            "where the app has its name elsewhere, change it; further virtual hosts are made through the broker's "
            "management API",
            service.at("environment", renamed),
        )


def _virtual_host(draft: Draft) -> str | None:
    """The variable that names another virtual host than Amazon MQ makes."""
    named = (name for name in draft.mapping.login.virtual_host_variables if draft.service.get("environment", name))
    return next((name for name in named if draft.service.text("environment", name) != _ROOT), None)


RABBITMQ = Family(_rabbitmq, _access, _tell, backups=False)
