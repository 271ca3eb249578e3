"""The domain: its zone, whether the world asks that zone, what stands in it already, who may issue its certificate.

A certificate that nobody can validate keeps a stack waiting for days; so does a zone that no registrar points at.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from compose2aws.delivery.checks.situation import Resource, Situation
from compose2aws.delivery.hosted_zone import find_zone
from compose2aws.delivery.refusal import DeliveryError, code_of
from compose2aws.planning.ledger import Finding

if TYPE_CHECKING:
    import dns.resolver

_SECONDS = 8.0
_ISSUERS = frozenset({"amazon.com", "amazontrust.com", "awstrust.com", "amazonaws.com"})
"""AWS Certificate Manager User Guide, "(Optional) Configure a CAA record": any of them lets Amazon issue."""
_CERTIFICATE = "AWS::CertificateManager::Certificate"
_RECORD = "AWS::Route53::RecordSet"


def check_delegation(situation: Situation) -> list[Finding]:
    """Whether the zone of new names exists, is public, and is the one that the public DNS knows. Raises botocore's
    exceptions, and `DeliveryError` where no DNS answers."""
    found: list[Finding] = []
    for zone_id, resource in _zones(situation).items():
        if zone_id is None:
            message = "this account has no public hosted zone of the domain"
            remedy = "make one (aws route53 create-hosted-zone), or name it with x-aws.hosted-zone"
            found.append(situation.finding("hosted-zone", "error", message, remedy, "x-aws.domain"))
            continue
        try:
            zone = situation.client("route53").get_hosted_zone(Id=zone_id)
        except ClientError as error:
            if code_of(error) != "NoSuchHostedZone":
                raise
            message = f"there is no hosted zone {zone_id} in this account"
            remedy = "correct x-aws.hosted-zone"
            found.append(situation.finding("hosted-zone", "error", message, remedy, "x-aws.hosted-zone"))
            continue
        if situation.has_public_names:
            found += _delegation(situation, zone, resource)
    return found


def check_records(situation: Situation) -> list[Finding]:
    """An error for each new record whose name stands in the zone already. Raises botocore's exceptions."""
    found = []
    for record in situation.new(_RECORD):
        zone_id, name = _zone_of(situation, record), situation.text(record.properties.get("Name"), record.stack)
        kind = str(record.properties.get("Type"))
        if zone_id is None or name is None:
            continue
        for standing in _at(situation, zone_id, name):
            if standing["Type"] in (kind, "CNAME") or kind == "CNAME":
                where = _target(standing)
                message = f"the zone has a record {name} of type {standing['Type']} already, {where}"
                remedy = "delete it when the deployment may take over the name, or choose another with x-aws.host"
                found.append(situation.finding("record-exists", "error", message, remedy, record.source))
    return found


def check_certificate_authority(situation: Situation) -> list[Finding]:
    """An error for each name of a new certificate for which a CAA record keeps Amazon from issuing it. Raises
    `DeliveryError` where no DNS answers."""
    found = []
    for certificate in situation.new(_CERTIFICATE) if situation.has_public_names else ():
        properties = certificate.properties
        names = [properties.get("DomainName"), *(properties.get("SubjectAlternativeNames") or [])]
        for name in dict.fromkeys(text for one in names if (text := situation.text(one, certificate.stack))):
            where = _forbidding(situation, name)
            if where is not None:
                message = f"the CAA record of {where} does not let Amazon issue a certificate for {name}"
                remedy = f'add to it: 0 {"issuewild" if name.startswith("*") else "issue"} "amazon.com"'
                found.append(situation.finding("caa-record", "error", message, remedy, "x-aws.domain"))
    return found


def _zones(situation: Situation) -> dict[str | None, Resource]:
    """The zones of new records and certificates, with one of those resources."""
    return {_zone_of(situation, resource): resource for resource in situation.new(_RECORD, _CERTIFICATE)}


def _zone_of(situation: Situation, resource: Resource) -> str | None:
    options = resource.properties.get("DomainValidationOptions") or [{}]
    value = resource.properties.get("HostedZoneId") or options[0].get("HostedZoneId")
    known = situation.text(value, resource.stack)
    if known:
        return known
    name = value.get("Ref") if isinstance(value, dict) else None
    for parameter in resource.stack.parameters:
        if parameter.name == name and parameter.source.startswith("hosted-zone:"):
            return find_zone(situation.quick_account, parameter.source.partition(":")[2])
    return None


def _delegation(situation: Situation, zone: dict[str, Any], resource: Resource) -> list[Finding]:
    name = str(zone["HostedZone"]["Name"]).rstrip(".")
    if zone["HostedZone"].get("Config", {}).get("PrivateZone"):
        message = (
            f"the hosted zone of {name} is private: nobody outside finds its names, and no certificate is validated"
        )
        return [situation.finding("hosted-zone", "error", message, "make a public zone of that name", resource.source)]
    ours = {_host(server) for server in zone.get("DelegationSet", {}).get("NameServers", [])}
    servers = ", ".join(sorted(ours))
    theirs = _answer(situation, name, "NS")
    if not theirs:
        message = f"the public DNS does not know {name}: nothing points at its hosted zone"
        remedy = f"enter these name servers at the registrar of the domain, or in the zone above it: {servers}"
        return [situation.finding("delegation", "error", message, remedy, resource.source)]
    public = {_host(str(record.target)) for record in theirs}
    if not public & ours:
        message = (
            f"the public DNS asks other name servers for {name} ({', '.join(sorted(public))}) than its hosted zone's"
        )
        remedy = f"enter these at the registrar of the domain, or in the zone above it: {servers}"
        return [situation.finding("delegation", "error", message, remedy, resource.source)]
    if public != ours:
        message = f"the public DNS asks {', '.join(sorted(public))} for {name}, the hosted zone has {servers}"
        return [situation.finding("delegation", "warning", message, "make them the same", resource.source)]
    return []


def _at(situation: Situation, zone_id: str, name: str) -> Iterator[dict[str, Any]]:
    """The records of one name, whatever their types."""
    wanted = _host(name)
    answer = situation.client("route53").list_resource_record_sets(
        HostedZoneId=zone_id, StartRecordName=name, MaxItems="20"
    )
    for record in answer["ResourceRecordSets"]:
        if _host(record["Name"].replace("\\052", "*")) == wanted:
            yield record


def _target(record: dict[str, Any]) -> str:
    values = [record["AliasTarget"]["DNSName"]] if "AliasTarget" in record else []
    values += [value["Value"] for value in record.get("ResourceRecords", [])]
    return f"to {', '.join(value.rstrip('.') for value in values)}" if values else "by a policy"


def _forbidding(situation: Situation, name: str) -> str | None:
    """The nearest name at or above one that has CAA records, where they do not name Amazon (RFC 8659, 3)."""
    wildcard = name.startswith("*.")
    labels = name.removeprefix("*.").rstrip(".").split(".")
    for start in range(len(labels) - 1):
        place = ".".join(labels[start:])
        records = [(record.tag.decode(), record.value.decode()) for record in _answer(situation, place, "CAA")]
        if not records:
            continue
        tags = {tag.lower() for tag, _ in records}
        tag = "issuewild" if wildcard and "issuewild" in tags else "issue"
        issuers = {value.partition(";")[0].strip().lower() for one, value in records if one.lower() == tag}
        return None if tag not in tags or issuers & _ISSUERS else place
    return None


def _answer(situation: Situation, name: str, kind: str) -> list[Any]:
    """The records of a name in the public DNS; none where it has none. Raises `DeliveryError` where nobody answers."""
    import dns.exception  # noqa: PLC0415 - most commands ask no DNS
    import dns.resolver  # noqa: PLC0415

    try:
        return list(_resolver(situation).resolve(name, kind, lifetime=_SECONDS))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise DeliveryError(f"the DNS gives no answer about {name} ({type(error).__name__})") from error


def _resolver(situation: Situation) -> dns.resolver.Resolver:
    import dns.resolver  # noqa: PLC0415

    if situation.name_server is None:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [situation.name_server[0]]
    resolver.port = situation.name_server[1]
    return resolver


def _host(name: str) -> str:
    return name.rstrip(".").lower()
