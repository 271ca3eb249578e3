"""The secrets that hold a text for containers: a connection string, the value of a no-echo parameter."""

from __future__ import annotations

from collections.abc import Mapping

from troposphere import secretsmanager

from compose2aws.cloudformation.expression import encryption_key
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.managed import text_expression
from compose2aws.planning.model import Plan


def emit_stored_secrets(graph: Graph, plan: Plan, owners: Mapping[str, str]) -> None:
    """Add the secrets, each raw and without a name. `owners` gives by logical id the one workload that reads it."""
    for secret in plan.secrets:
        resource = secretsmanager.Secret(
            secret.id.logical_id,
            Description=secret.description[:2048],
            KmsKeyId=encryption_key(),
            SecretString=text_expression(plan, secret.text),
        )
        if secret.only_if:
            resource.Condition = graph.given(secret.only_if)
        graph.add(resource, secret.source, owner=owners.get(secret.id.logical_id))
