"""Cloud Map, certificates and brokers where moto lacks them: filters, names in use, namespaces that must exist."""

from __future__ import annotations

import json
from typing import Any
from uuid import uuid4

from moto.acm.models import AWSCertificateManagerBackend
from moto.mq.models import MQBackend
from moto.route53.exceptions import ResourceRecordAlreadyExists
from moto.route53.models import Route53Backend
from moto.servicediscovery.models import ServiceDiscoveryBackend
from moto.servicediscovery.responses import ServiceDiscoveryResponse

from compose2aws.rehearsal.refusals import Refusal

_make_namespace = ServiceDiscoveryBackend.create_private_dns_namespace
_make_service = ServiceDiscoveryBackend.create_service
_register_instance = ServiceDiscoveryBackend.register_instance
_request_certificate = AWSCertificateManagerBackend.request_certificate
_change_records = Route53Backend.change_resource_record_sets
_make_broker = MQBackend.create_broker


def create_private_dns_namespace(self: Any, **given: Any) -> Any:
    """Make a namespace; a VPC may have several as long as their names differ."""
    for namespace in self.namespaces.values():
        if namespace.vpc == given["vpc"] and namespace.name == given["name"]:
            raise Refusal(
                f"Namespace with name {given['name']} already exists in {given['vpc']}", "NamespaceAlreadyExists"
            )
    before = set(self.namespaces)
    operation = _make_namespace(self, **{**given, "vpc": f"{given['vpc']}#{uuid4()}"})
    for made in set(self.namespaces) - before:
        self.namespaces[made].vpc = given["vpc"]
    return operation


def create_service(self: Any, **given: Any) -> Any:
    """Make a service whose namespace exists and whose name is new there; it shows its namespace either way."""
    records = given.get("dns_config") or {}
    namespace = given.get("namespace_id") or records.get("NamespaceId")
    if namespace not in self.namespaces:
        raise Refusal(f"Namespace {namespace} does not exist", "NamespaceNotFound")
    if any(one.namespace_id == namespace and one.name == given["name"] for one in self.services.values()):
        raise Refusal(f"Service already exists: {given['name']}", "ServiceAlreadyExists")
    given["namespace_id"] = namespace
    if records:
        given["dns_config"] = {"RoutingPolicy": "MULTIVALUE", **records, "NamespaceId": namespace}
    return _make_service(self, **given)


def register_instance(self: Any, service_id: str, instance_id: str, **given: Any) -> str:
    """Register an endpoint; one of the same id in its service gets the new attributes, as RegisterInstance says."""
    service = self.get_service(service_id)
    service.instances[:] = [one for one in service.instances if one.instance_id != instance_id]
    operation: str = _register_instance(self, service_id=service_id, instance_id=instance_id, **given)
    return operation


def _wanted(response: Any) -> dict[str, set[str]]:
    filters = json.loads(response.body or "{}").get("Filters") or []
    return {one["Name"]: set(one["Values"]) for one in filters}


def list_services(self: Any) -> str:
    """ListServices, with its filter."""
    wanted = _wanted(self).get("NAMESPACE_ID")
    services = [
        one for one in self.servicediscovery_backend.list_services() if not wanted or one.namespace_id in wanted
    ]
    return json.dumps({"Services": [one.to_json() for one in services]})


def list_namespaces(self: Any) -> str:
    """ListNamespaces, with its filters."""
    wanted = _wanted(self)
    namespaces = [
        one
        for one in self.servicediscovery_backend.list_namespaces()
        if ("TYPE" not in wanted or one.type in wanted["TYPE"]) and ("NAME" not in wanted or one.name in wanted["NAME"])
    ]
    return json.dumps({"Namespaces": [one.to_json() for one in namespaces]})


def change_resource_record_sets(self: Any, zoneid: str, change_list: list[dict[str, Any]]) -> Any:
    """Change records; one is there already when its name, type and set are, not when any later one is."""
    zone = self.get_hosted_zone(zoneid)
    present = {(one.name.rstrip("."), one.type, one.set_identifier) for one in zone.rrsets}
    for change in change_list:
        record = change["ResourceRecordSet"]
        wanted = (record["Name"].rstrip("."), record["Type"], record.get("SetIdentifier"))
        if change["Action"] == "CREATE" and wanted in present:
            raise ResourceRecordAlreadyExists(name=f"{wanted[0]}.", _type=wanted[1])
    written = [{**one, "Action": "UPSERT"} if one["Action"] == "CREATE" else one for one in change_list]
    return _change_records(self, zoneid, written)


def request_certificate(self: Any, *positional: Any, **given: Any) -> str:
    """Request a certificate that is issued at once: nobody here validates a domain."""
    arn: str = _request_certificate(self, *positional, **given)
    self._certificates[arn].status = "ISSUED"
    return arn


def create_broker(self: Any, **given: Any) -> Any:
    """Make a broker with endpoints of its own."""
    arn, identifier = _make_broker(self, **given)
    host = f"b-{identifier}-1.mq.{self.region_name}.amazonaws.com"
    broker = self.brokers[identifier]
    for instance in broker.instances:
        instance["endpoints"] = [one.replace("mockmq", host) for one in instance["endpoints"]]
    return arn, identifier


CHANGES: list[tuple[Any, str, Any, str]] = [
    (
        ServiceDiscoveryBackend,
        "create_private_dns_namespace",
        create_private_dns_namespace,
        "allows one namespace a VPC, whatever its name",
    ),
    (ServiceDiscoveryBackend, "create_service", create_service, "takes a namespace that is not there, a name twice"),
    (ServiceDiscoveryBackend, "register_instance", register_instance, "keeps two endpoints of the same id"),
    (ServiceDiscoveryResponse, "list_services", list_services, "ignores the filter"),
    (ServiceDiscoveryResponse, "list_namespaces", list_namespaces, "ignores the filters"),
    (AWSCertificateManagerBackend, "request_certificate", request_certificate, "leaves it pending for a minute"),
    (
        Route53Backend,
        "change_resource_record_sets",
        change_resource_record_sets,
        "takes a record that was deleted for one that is there",
    ),
    (MQBackend, "create_broker", create_broker, "gives every broker the same endpoint"),
]
