"""Writes `mappings/resource-actions.yaml` anew: what CloudFormation does to make, change, read and remove the types
that we emit, and by which of its properties each is told from all others.

From CloudFormation's provider schemas, which cfn-lint carries. Run by hand (`make versions`).

A schema lists what any template of a type may need. What *every* creation and *every* change calls is told from it by
the words: the action whose verb makes things, and whose noun is the type's own (`AWS::KMS::Key`: `kms:CreateKey`, and
neither `kms:DisableKey` nor `kms:PutKeyPolicy`).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

from compose2aws.catalog.catalog import read_table
from compose2aws.delivery.difference.derive_updates import emitted_types, write_table
from compose2aws.rehearsal.schema import published

_HEAD = (
    "# The IAM actions by which CloudFormation makes (`create`), changes (`update`), reads, and removes (`delete`)\n"
    "# each type, and the properties that are its identifier, where a template can give them. No creation goes\n"
    "# without those of `makes`, no change of more than tags without those of `alters`.\n"
    "# Written by `make versions`; not edited by hand.\n"
)

_MAKING = ("Create", "Put", "Register", "Request", "Allocate", "Authorize")
_JOINING = ("Associate", "Attach", "Put")
_ALTERING = ("Modify", "Update")
_SETTING = ("Put", "Register", "Change")
"""Verbs that make a thing and change it likewise, by its name."""

_SERVICES = {
    "AmazonMQ": "mq",
    "ApplicationAutoScaling": "application-autoscaling",
    "CertificateManager": "acm",
    "DocDB": "rds",
    "EFS": "elasticfilesystem",
    "ElasticLoadBalancingV2": "elasticloadbalancing",
    "OpenSearchService": "es",
}
"""What actions begin with, where it is not the second word of the type."""

_NOUNS = {
    "AWS::CloudWatch::Alarm": "MetricAlarm",
    "AWS::EC2::EIP": "Address",
    "AWS::EC2::SubnetRouteTableAssociation": "RouteTable",
    "AWS::EC2::VPCDHCPOptionsAssociation": "DhcpOptions",
    "AWS::ECS::ClusterCapacityProviderAssociations": "ClusterCapacityProviders",
    "AWS::ElastiCache::ParameterGroup": "CacheParameterGroup",
    "AWS::ElastiCache::SubnetGroup": "CacheSubnetGroup",
    "AWS::ElasticLoadBalancingV2::ListenerRule": "Rule",
}
"""What the service calls a thing, where it is not the third word of the type."""

_OTHER_WORDS = {
    "AWS::Route53::RecordSet": "route53:ChangeResourceRecordSets",
    "AWS::SNS::Subscription": "sns:Subscribe",
}

_SEVERAL = frozenset({"AWS::AmazonMQ::Broker", "AWS::AutoScaling::AutoScalingGroup"})
"""Types of which some properties are changed by actions on something else (`mq:UpdateUser`, `autoscaling:Attach…`)."""


def makes(kind: str, create: Iterable[str]) -> list[str]:
    """Those actions of a type's creation that none goes without; none where that hangs on its properties."""
    verbs = _JOINING if re.search("Associations?$", kind) else _MAKING
    return [action for action in create if _is_of(kind, action, verbs) or action == _OTHER_WORDS.get(kind)]


def alters(kind: str, create: Iterable[str], update: Iterable[str]) -> list[str]:
    """Those actions of a type's update that no change of more than tags goes without. None where the service has
    several for different properties (`ModifyListener` and `ModifyListenerAttributes`)."""
    update = list(update)
    made = [one for one in makes(kind, create) if one.partition(":")[2].startswith(_SETTING) and one in update]
    if made:
        return made
    found = [action for action in update if _is_of(kind, action, _ALTERING)]
    others = [
        action
        for action in update
        if _service(kind) == action.partition(":")[0]
        and re.fullmatch(f"(?:{'|'.join((*_ALTERING, 'Put', 'Set'))}).*{_noun(kind)}.+", action.partition(":")[2], re.I)
    ]
    return [] if others or kind in _SEVERAL else found


def _is_of(kind: str, action: str, verbs: tuple[str, ...]) -> bool:
    """Whether an action is one of these verbs and the type's own noun, as the type's own service calls it."""
    service, _, name = action.partition(":")
    return service == _service(kind) and bool(re.fullmatch(f"({'|'.join(verbs)}){_noun(kind)}s?", name, re.I))


def _service(kind: str) -> str:
    name = kind.split("::")[1]
    return _SERVICES.get(name, name.lower())


def _noun(kind: str) -> str:
    return _NOUNS.get(kind, kind.split("::")[2])


def table() -> dict[str, Any]:
    """`types`: for each type its `create`, `update`, `read`, `delete`, `makes`, `alters` and `identifier`."""
    types: dict[str, Any] = {}
    beside = read_table("delivery-permissions")["types"]
    for kind in emitted_types():
        document = published(kind)
        if document is None:
            raise SystemExit(f"cfn-lint {version('cfn-lint')} has no schema of {kind}")
        handlers = document.get("handlers", {})
        row = {name: _actions(handlers.get(name, {})) for name in ("create", "update", "read", "delete")}
        # A type whose schema lists nothing has its actions beside it.
        create, update = (row[name] or beside.get(kind, []) for name in ("create", "update"))
        row |= {"makes": makes(kind, create), "alters": alters(kind, create, update)}
        given = [path.removeprefix("/properties/") for path in document.get("primaryIdentifier", [])]
        read_only = {path.removeprefix("/properties/") for path in document.get("readOnlyProperties", [])}
        if given and not read_only.intersection(given):
            row["identifier"] = given
        types[kind] = {key: value for key, value in row.items() if value}
    return {"source": f"cfn-lint {version('cfn-lint')}, CloudFormation's provider schemas of us-east-1", "types": types}


def _actions(handler: dict[str, Any]) -> list[str]:
    """Without patterns (`s3:*`), which cannot be simulated."""
    return sorted({name for name in handler.get("permissions", []) if "*" not in name and ":" in name})


def main() -> None:
    write_table(Path(sys.argv[1]), _HEAD, table())


if __name__ == "__main__":
    main()
