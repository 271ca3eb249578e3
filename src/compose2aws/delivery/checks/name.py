"""Names that are fixed in the templates and that something else in the account has already."""

from __future__ import annotations

from botocore.exceptions import ClientError

from compose2aws.catalog.catalog import read_table
from compose2aws.delivery.checks.doubt import each
from compose2aws.delivery.checks.situation import Resource, Situation
from compose2aws.delivery.refusal import code_of
from compose2aws.planning.ledger import Finding

_UNKNOWN = frozenset({"TypeNotFoundException", "UnsupportedActionException", "InvalidRequestException"})
_RECORD = "AWS::Route53::RecordSet"
_HTTP = "AWS::ServiceDiscovery::HttpNamespace"


def check_names(situation: Situation) -> list[Finding]:
    """An error for each new resource whose identifier a template gives and that is there already (Cloud Control API:
    it knows each type by the properties that are its identifier)."""
    types = read_table("resource-actions")["types"]
    named = [
        (resource.type, (resource, name))
        for resource in situation.new()
        if resource.type != _RECORD  # `check_records` says where it points
        and (name := _identifier(situation, resource, types.get(resource.type, {}).get("identifier", []))) is not None
    ]
    return each("names", named, lambda one: _check(situation, *one))


def _check(situation: Situation, resource: Resource, name: str) -> list[Finding]:
    return [_taken(situation, resource, name)] if _is_there(situation, resource.type, name) else []


def check_namespaces(situation: Situation) -> list[Finding]:
    """An error for each new namespace of Service Connect whose name an account has already; names of private DNS are
    the VPC's alone, which is new too or is the user's own. Raises botocore's exceptions."""
    new = situation.new(_HTTP)
    if not new:
        return []
    pages = (
        situation.client("servicediscovery")
        .get_paginator("list_namespaces")
        .paginate(Filters=[{"Name": "TYPE", "Values": ["HTTP"], "Condition": "EQ"}])
    )
    there = {namespace["Name"] for page in pages for namespace in page["Namespaces"]}
    names = ((resource, situation.text(resource.properties.get("Name"), resource.stack)) for resource in new)
    return [_taken(situation, resource, name) for resource, name in names if name in there and name is not None]


def _taken(situation: Situation, resource: Resource, name: str) -> Finding:
    message = f"there is a {resource.type} called {name} in this account already, and it is not this project's"
    remedy = "delete it if nothing uses it, or choose another project name with -p"
    return situation.finding("name-taken", "error", message, remedy, resource.source)


def _identifier(situation: Situation, resource: Resource, properties: list[str]) -> str | None:
    """The identifier as Cloud Control takes it, parts joined by `|`; None where CloudFormation makes it."""
    parts = [situation.text(resource.properties.get(name), resource.stack) for name in properties]
    return "|".join(str(part) for part in parts) if parts and None not in parts else None


def _is_there(situation: Situation, kind: str, name: str) -> bool:
    try:
        situation.client("cloudcontrol").get_resource(TypeName=kind, Identifier=name)
    except ClientError as error:
        if code_of(error) == "ResourceNotFoundException" or code_of(error) in _UNKNOWN:
            return False
        raise
    return True
