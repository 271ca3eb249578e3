"""Which version a managed engine gets: the one it has, until its major changes or an upgrade is asked for.

An engine never goes back: AWS cannot, and a roll-back of the stack does not undo an upgrade.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from compose2aws.delivery.account import Account
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.stack import DeployedStack, stack_resources
from compose2aws.delivery.version_number import numbers
from compose2aws.planning.model import Managed


@dataclass(frozen=True, slots=True)
class WantedVersion:
    """What a project asks for: the newest version of a major that can be created. `service` is the Compose service."""

    service: str
    parameter: str
    newest: str
    major: str


@dataclass(frozen=True, slots=True)
class ChosenVersion:
    """The version that a stack is given; `major_upgrade` where it is another major than the one that runs, which is
    `upgraded_from` where a newer one is wanted."""

    value: str
    major_upgrade: bool = False
    upgraded_from: str | None = None


def wanted_versions(managed: Iterable[Managed]) -> tuple[WantedVersion, ...]:
    """What the managed services of a plan ask for."""
    return tuple(
        WantedVersion(item.service, item.version.parameter, item.version.default, item.version.major)
        for item in managed
    )


def choose(wanted: WantedVersion, previous: str | None, live: str | None, *, upgrade: bool) -> ChosenVersion:
    """The version for an engine. `previous` is what the stack was given last, `live` what AWS says that runs.

    Raises `DeliveryError` where the project asks for an older major than the one that runs.
    """
    if previous is None:
        return ChosenVersion(wanted.newest)
    running = live if live is not None and numbers(live) > numbers(previous) else previous
    major = numbers(wanted.major)
    if numbers(running)[: len(major)] != major:
        if numbers(running) > numbers(wanted.newest):
            raise DeliveryError(
                f"{wanted.service} runs version {running}, and its image asks for {wanted.major}: no engine goes back. "
                "Put the newer version's tag into the compose file, or restore a snapshot under another service's name"
            )
        return ChosenVersion(wanted.newest, major_upgrade=True, upgraded_from=running)
    if upgrade and numbers(wanted.newest) > numbers(running):
        return ChosenVersion(wanted.newest, upgraded_from=running)
    # A live version may be longer than what AWS was given (8.0.1 for 8.0); then the given one is still right.
    same = numbers(running)[: len(numbers(previous))] == numbers(previous)
    return ChosenVersion(previous if same else running)


def engines(template: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The type and the engine (`AWS::RDS::DBCluster`, `aurora-mysql`) that each version parameter is of."""
    return {
        parameter: (body["Type"], str(body["Properties"].get("Engine"))) for parameter, _, body in versioned(template)
    }


def versioned(template: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """The resources whose engine's version a parameter sets: (parameter, logical id, resource)."""
    for logical_id, body in template["Resources"].items():
        version = (body.get("Properties") or {}).get("EngineVersion")
        if isinstance(version, Mapping) and isinstance(version.get("Ref"), str):
            yield version["Ref"], logical_id, body


def chosen_versions(
    account: Account,
    base: DeployedStack | None,
    template: Mapping[str, Any],
    wanted: Iterable[WantedVersion],
    *,
    upgrade: bool,
) -> dict[str, ChosenVersion]:
    """The version of each engine of a base template, by parameter. Another engine under the same name begins with its
    newest version: nothing of the old one is upgraded. Raises `DeliveryError` and botocore's exceptions."""
    there = base is not None and base.template
    live = live_versions(account, base) if base is not None and there else {}
    before, after = engines(base.template) if base is not None and there else {}, engines(template)
    found = {}
    for one in wanted:
        same = before.get(one.parameter) == after.get(one.parameter)
        previous = base.parameters.get(one.parameter) if base is not None and same else None
        found[one.parameter] = choose(one, previous, live.get(one.parameter), upgrade=upgrade)
    return found


def live_versions(account: Account, base: DeployedStack) -> dict[str, str]:
    """The version that runs, by the parameter that sets it. What may not be read is left out."""
    ids = {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in stack_resources(account, base.id)}
    found: dict[str, str] = {}
    for parameter, logical_id, resource in versioned(base.template):
        ask = _ASK.get(resource["Type"])
        if ask is None or logical_id not in ids:
            continue
        try:
            found[parameter] = ask(account, ids[logical_id])
        except (ClientError, BotoCoreError, LookupError):
            continue
    return found


def _cluster(account: Account, name: str) -> str:
    return str(account.client("rds").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]["EngineVersion"])


def _instance(account: Account, name: str) -> str:
    return str(
        account.client("rds").describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0]["EngineVersion"]
    )


def _documents(account: Account, name: str) -> str:
    return str(account.client("docdb").describe_db_clusters(DBClusterIdentifier=name)["DBClusters"][0]["EngineVersion"])


def _replication_group(account: Account, name: str) -> str:
    client = account.client("elasticache")
    group = client.describe_replication_groups(ReplicationGroupId=name)["ReplicationGroups"][0]
    member = group["MemberClusters"][0]
    return str(client.describe_cache_clusters(CacheClusterId=member)["CacheClusters"][0]["EngineVersion"])


_ASK: dict[str, Callable[[Account, str], str]] = {
    "AWS::RDS::DBCluster": _cluster,
    "AWS::RDS::DBInstance": _instance,
    "AWS::DocDB::DBCluster": _documents,
    "AWS::ElastiCache::ReplicationGroup": _replication_group,
}
