"""What holds of whole templates: policies of what keeps data, and CloudFormation's limits.

Sources: CloudFormation User Guide, "Understand CloudFormation quotas", "DeletionPolicy attribute"; Amazon RDS refuses a
snapshot of a cluster's member.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from compose2aws.inspection.system import System

_STATEFUL = (
    "AWS::AmazonMQ::Broker",
    "AWS::DocDB::DBCluster",
    "AWS::EFS::FileSystem",
    "AWS::ElastiCache::ReplicationGroup",
    "AWS::KMS::Key",
    "AWS::OpenSearchService::Domain",
    "AWS::RDS::DBCluster",
    "AWS::RDS::DBInstance",
    "AWS::S3::Bucket",
)
_MEMBERS = ("AWS::DocDB::DBInstance", "AWS::RDS::DBInstance")
_KEEPING = ("Snapshot", "Retain", "RetainExceptOnCreate")
_LIMITS = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
_DYNAMIC = 60
_BYTES = 1_000_000


def policy_problems(system: System) -> Iterator[str]:
    """Whether data survives the deletion and the replacement of what holds it."""
    for resource in system.resources.values():
        policies = [resource.body.get(key) for key in ("DeletionPolicy", "UpdateReplacePolicy")]
        if resource.type in _MEMBERS and "DBClusterIdentifier" in resource.properties:
            if "Snapshot" in policies:
                yield f"{resource.id} is a member of a cluster, of which no snapshot is made"
        elif resource.type in _STATEFUL or "GenerateSecretString" in resource.properties:
            for key, policy in zip(("DeletionPolicy", "UpdateReplacePolicy"), policies, strict=True):
                if policy not in _KEEPING:
                    yield f"{resource.id} keeps data and has no {key} that keeps it"


def limit_problems(system: System) -> Iterator[str]:
    """CloudFormation's limits on each template."""
    for template in system.templates:
        name = str(template.get("Metadata", {}).get("compose2aws", {}).get("stack", "a template"))
        for section, most in _LIMITS.items():
            if len(template.get(section, {})) > most:
                yield f"{name} has {len(template[section])} {section}; CloudFormation takes {most}"
        text = json.dumps(template)
        if (count := text.count("{{resolve:")) > _DYNAMIC:
            yield f"{name} has {count} dynamic references; CloudFormation takes {_DYNAMIC}"
        if len(text) > _BYTES:
            yield f"{name} has {len(text)} bytes; CloudFormation takes {_BYTES}"
