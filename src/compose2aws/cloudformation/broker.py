"""Amazon MQ brokers for RabbitMQ."""

from __future__ import annotations

from troposphere import Ref, Select, Split, amazonmq

from compose2aws.cloudformation.database import declare_version
from compose2aws.cloudformation.expression import (
    Expression,
    attribute,
    encryption_key,
    joined,
    legal_name,
    subnets,
)
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.login import emit_login, password
from compose2aws.planning.model import MessageBroker, Plan
from compose2aws.planning.text import Fact

_NAME_LENGTH = 50 - 13  # Amazon MQ API Reference, "brokerName"; the rest tells one stack from the next


def emit_broker(graph: Graph, plan: Plan, item: MessageBroker) -> None:
    """Add the login and the broker.

    Amazon MQ wants a name, unique in the account, and a broker that was retained keeps its own: so the stack's own id
    is part of it. A broker in one zone stands in one subnet. From RabbitMQ 3.13 on its patches are Amazon's.
    """
    emit_login(graph, item.login, item.service, item.source)
    stack = Select(4, Split("-", Select(2, Split("/", Ref("AWS::StackId")))))
    graph.add(
        amazonmq.Broker(
            item.broker.logical_id,
            BrokerName=joined(legal_name(f"{plan.project}-{item.identity}", "A-Za-z0-9_-", _NAME_LENGTH), "-", stack),
            EngineType="RABBITMQ",
            EngineVersion=declare_version(graph, item.service, item.version),
            DeploymentMode="SINGLE_INSTANCE",
            HostInstanceType=item.instance_type,
            PubliclyAccessible=False,
            SubnetIds=subnets(plan.network, "private")[:1],
            SecurityGroups=[attribute(item.security_group, "GroupId")],
            Users=[amazonmq.User(Username=item.user, Password=password(item.login))],
            EncryptionOptions=amazonmq.EncryptionOptions(UseAwsOwnedKey=False, KmsKeyId=encryption_key()),
            Logs=amazonmq.LogsConfiguration(General=True),
            AutoMinorVersionUpgrade=True,
        ),
        item.source,
    )


def broker_fact(item: MessageBroker, fact: Fact) -> Expression:
    """What fills a hole in a text that names the broker. Its endpoint is `amqps://HOST:5671`."""
    endpoint = Select(0, attribute(item.broker, "AmqpEndpoints"))
    host = Select(0, Split(":", Select(1, Split("//", endpoint))))
    facts = {
        "host": host,
        "reader-host": host,
        "port": str(item.port),
        "user": item.user,
        "password": password(item.login),
        "database": "/",
    }
    return facts.get(fact, "")
