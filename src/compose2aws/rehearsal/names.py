"""Names: Cloud Map namespaces, services and instances; Route 53 zones and records; certificates."""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

from typing import Any

from compose2aws.rehearsal.refusals import ResourceFailed
from compose2aws.rehearsal.resource_type import (
    ApiResource,
    Context,
    Properties,
    ResourceType,
    by_id,
    call,
    changed,
    register,
)


class Namespace(ResourceType):
    """A Cloud Map namespace; the API answers with an operation that has made it."""

    def __init__(self, kind: str, operation: str) -> None:
        self.type = f"AWS::ServiceDiscovery::{kind}"
        self._operation = operation

    def create(self, properties: Properties, context: Context) -> str:
        """Make the namespace and return its id."""
        names = ("Name", "Description", "Vpc", "Properties", "Tags")
        arguments = {name: properties[name] for name in names if name in properties}
        client = context.service("servicediscovery")
        operation = call(client, self._operation, arguments)["OperationId"]
        answer = call(client, "get_operation", {"OperationId": operation})["Operation"]
        return str(answer["Targets"]["NAMESPACE"])

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Nothing of it but its description can change in place."""
        return physical_id

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Remove the namespace; as on AWS it must be empty."""
        client = context.service("servicediscovery")
        filters = [{"Name": "NAMESPACE_ID", "Values": [physical_id], "Condition": "EQ"}]
        if call(client, "list_services", {"Filters": filters})["Services"]:
            raise ResourceFailed(
                "Namespace has associated services and can't be deleted (Service: ServiceDiscovery, "
                "Code: ResourceInUse)"
            )
        call(client, "delete_namespace", {"Id": physical_id})

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the namespace, with the id of its hosted zone where it has one."""
        client = context.service("servicediscovery")
        for namespace in client.list_namespaces()["Namespaces"]:
            if namespace["Id"] == physical_id:
                description = client.get_namespace(Id=physical_id)["Namespace"]
                zone = description.get("Properties", {}).get("DnsProperties", {}).get("HostedZoneId")
                return {**description, "HostedZoneId": zone.removeprefix("/hostedzone/") if zone else None}
        return None


class Instance(ResourceType):
    """An endpoint that is registered by hand; `Ref` gives its instance id."""

    type = "AWS::ServiceDiscovery::Instance"

    def create(self, properties: Properties, context: Context) -> str:
        """Register the endpoint."""
        instance = str(properties.get("InstanceId") or context.generated_name(64))
        attributes = {key: str(value) for key, value in properties["InstanceAttributes"].items()}
        arguments = {"ServiceId": properties["ServiceId"], "InstanceId": instance, "Attributes": attributes}
        call(context.service("servicediscovery"), "register_instance", arguments)
        return instance

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Register it again with other attributes."""
        return self.create({**new, "InstanceId": physical_id}, context)

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Take the endpoint out of its service."""
        if self.describe(physical_id, properties, context) is not None:
            arguments = {"ServiceId": properties["ServiceId"], "InstanceId": physical_id}
            call(context.service("servicediscovery"), "deregister_instance", arguments)

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the endpoint as its service lists it."""
        client = context.service("servicediscovery")
        if properties["ServiceId"] not in [service["Id"] for service in client.list_services()["Services"]]:
            return None
        for instance in client.list_instances(ServiceId=properties["ServiceId"])["Instances"]:
            if instance["Id"] == physical_id:
                return instance
        return None


def _without_instances(physical_id: str, _: Properties, context: Context) -> None:
    # Cloud Map refuses; moto would take the service away with what is registered in it.
    if call(context.service("servicediscovery"), "list_instances", {"ServiceId": physical_id})["Instances"]:
        raise ResourceFailed(
            "Service contains registered instances; delete the instances before deleting the service "
            "(Service: ServiceDiscovery, Code: ResourceInUse)"
        )


class Record(ResourceType):
    """A DNS record, or a group of them, in a hosted zone."""

    def __init__(self, resource_type: str) -> None:
        self.type = resource_type

    def create(self, properties: Properties, context: Context) -> str:
        """Add the records; as on AWS one that is there already is refused."""
        self._change("CREATE", properties, context)
        return str(properties.get("Name") or context.generated_name())

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Write the records anew, and take away those of a group that are no longer in it."""
        kept = {(record["Name"], record["Type"]) for record in self._records(new)}
        gone = [record for record in self._records(old) if (record["Name"], record["Type"]) not in kept]
        if gone:
            self._change("DELETE", {**old, "RecordSets": gone}, context)
        self._change("UPSERT", new, context)
        return physical_id

    def replaced_by(self, old: Properties, new: Properties) -> set[str]:
        """What names a record; the published schema does not say so."""
        return changed(old, new) & {"HostedZoneId", "HostedZoneName", "Name", "SetIdentifier", "Type"}

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Remove the records that are still there."""
        if self.describe(physical_id, properties, context) is not None:
            self._change("DELETE", properties, context)

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the records while all of them stand in their zone."""
        client = context.service("route53")
        found = []
        for record in self._records(properties):
            zone = self._zone(record, properties, context)
            for candidate in client.list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]:
                same_name = candidate["Name"].rstrip(".") == str(record["Name"]).rstrip(".")
                if same_name and candidate["Type"] == record["Type"]:
                    found.append(candidate)
                    break
            else:
                return None
        return found[0] if self.type.endswith("RecordSet") else {"Id": physical_id, "RecordSets": found}

    def _records(self, properties: Properties) -> list[Properties]:
        return list(properties["RecordSets"]) if "RecordSets" in properties else [properties]

    def _change(self, action: str, properties: Properties, context: Context) -> None:
        for record in self._records(properties):
            written: dict[str, Any] = {"Name": record["Name"], "Type": record["Type"]}
            if "TTL" in record:
                written["TTL"] = int(record["TTL"])
            if "ResourceRecords" in record:
                written["ResourceRecords"] = [{"Value": value} for value in record["ResourceRecords"]]
            if "AliasTarget" in record:
                target = record["AliasTarget"]
                written["AliasTarget"] = {
                    "HostedZoneId": target["HostedZoneId"],
                    "DNSName": target["DNSName"],
                    "EvaluateTargetHealth": str(target.get("EvaluateTargetHealth", "false")).lower() == "true",
                }
            for name in ("SetIdentifier", "Region", "Failover", "HealthCheckId"):
                if name in record:
                    written[name] = record[name]
            if "Weight" in record:
                written["Weight"] = int(record["Weight"])
            batch = {"Changes": [{"Action": action, "ResourceRecordSet": written}]}
            zone = self._zone(record, properties, context)
            arguments = {"HostedZoneId": zone, "ChangeBatch": batch}
            call(context.service("route53"), "change_resource_record_sets", arguments)

    def _zone(self, record: Properties, properties: Properties, context: Context) -> str:
        for source in (record, properties):
            if "HostedZoneId" in source:
                return str(source["HostedZoneId"])
        name = record.get("HostedZoneName") or properties.get("HostedZoneName")
        if name:
            zones = context.service("route53").list_hosted_zones()["HostedZones"]
            for zone in zones:
                if zone["Name"].rstrip(".") == str(name).rstrip("."):
                    return str(zone["Id"]).removeprefix("/hostedzone/")
        raise ResourceFailed(f"No hosted zones named {name} found")


def _zone_request(properties: Properties, context: Context) -> Properties:
    vpcs = properties.get("VPCs") or []
    adapted = {
        "Name": properties["Name"],
        "CallerReference": context.generated_name(64),
        "HostedZoneConfig": {**(properties.get("HostedZoneConfig") or {}), "PrivateZone": bool(vpcs)},
    }
    if vpcs:
        adapted["VPC"] = vpcs[0]
    return adapted


class HostedZone(ApiResource):
    """A hosted zone; `Ref` gives its id without the path that the API writes before it."""

    def create(self, properties: Properties, context: Context) -> str:
        """Make the zone."""
        return super().create(properties, context).removeprefix("/hostedzone/")


def _certificate_request(properties: Properties, _: Context) -> Properties:
    # A template names the hosted zone of each domain there; the API knows only the domain that gets the mail.
    return {name: value for name, value in properties.items() if name != "DomainValidationOptions"}


register(
    Namespace("PrivateDnsNamespace", "create_private_dns_namespace"),
    Namespace("PublicDnsNamespace", "create_public_dns_namespace"),
    Namespace("HttpNamespace", "create_http_namespace"),
    ApiResource(
        type="AWS::ServiceDiscovery::Service",
        api="servicediscovery",
        create_with="create_service",
        made="Service.Id",
        name="Name",
        name_limit=63,
        read_with="get_service",
        ask=by_id("Id"),
        found="Service",
        delete_with="delete_service",
        before_delete=_without_instances,
        update_with="update_service",
        update_ask=lambda physical_id, new: {
            "Id": physical_id,
            "Service": {
                key: value
                for key, value in {
                    "Description": new.get("Description"),
                    "DnsConfig": {"DnsRecords": new["DnsConfig"]["DnsRecords"]} if "DnsConfig" in new else None,
                }.items()
                if value is not None
            },
        },
        update_all=True,
    ),
    Instance(),
    HostedZone(
        type="AWS::Route53::HostedZone",
        api="route53",
        create_with="create_hosted_zone",
        made="HostedZone.Id",
        before=_zone_request,
        elsewhere=frozenset({"VPCs", "HostedZoneTags"}),
        read_with="get_hosted_zone",
        ask=by_id("Id"),
        found="{HostedZone: HostedZone, Id: HostedZone.Id, NameServers: DelegationSet.NameServers}",
        delete_with="delete_hosted_zone",
    ),
    Record("AWS::Route53::RecordSet"),
    Record("AWS::Route53::RecordSetGroup"),
    ApiResource(
        type="AWS::CertificateManager::Certificate",
        api="acm",
        create_with="request_certificate",
        made="CertificateArn",
        read_with="describe_certificate",
        ask=by_id("CertificateArn"),
        found="Certificate",
        delete_with="delete_certificate",
        elsewhere=frozenset({"DomainValidationOptions", "CertificateTransparencyLoggingPreference"}),
        before=_certificate_request,
        attributes={"CertificateArn": "Ref"},
    ),
)
