"""The VPC and what stands in it: subnets, gateways, routes, endpoints, DHCP options, flow logs."""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

from typing import Any

from botocore import xform_name

from compose2aws.rehearsal.resource_type import (
    ApiResource,
    Context,
    Properties,
    ResourceType,
    by_id,
    by_ids,
    call,
    changed,
    register,
)


def _operations(noun: str, *, found: str = "") -> dict[str, Any]:
    """Return what EC2 calls its operations on a thing (`RouteTable`), and what it calls the thing in them."""
    return {
        "api": "ec2",
        "create_with": xform_name(f"Create{noun}"),
        "made": f"{noun}.{noun}Id",
        "read_with": xform_name(f"Describe{noun}s"),
        "ask": by_ids(f"{noun}Ids"),
        "found": found or f"{noun}s[0]",
        "delete_with": xform_name(f"Delete{noun}"),
        "delete_ask": by_id(f"{noun}Id"),
    }


def _set_vpc(physical_id: str, properties: Properties, context: Context) -> None:
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        if name in properties:
            value = str(properties[name]).lower() == "true"
            call(context.service("ec2"), "modify_vpc_attribute", {"VpcId": physical_id, name: {"Value": value}})


def _set_subnet(physical_id: str, properties: Properties, context: Context) -> None:
    if "MapPublicIpOnLaunch" in properties:
        value = str(properties["MapPublicIpOnLaunch"]).lower() == "true"
        arguments = {"SubnetId": physical_id, "MapPublicIpOnLaunch": {"Value": value}}
        call(context.service("ec2"), "modify_subnet_attribute", arguments)


class _VpcAttributes(ApiResource):
    def find_attribute(self, name: str, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return an attribute; the default group and access list are looked up by their VPC."""
        client = context.service("ec2")
        filters = [{"Name": "vpc-id", "Values": [physical_id]}]
        if name == "DefaultSecurityGroup":
            groups = client.describe_security_groups(Filters=[*filters, {"Name": "group-name", "Values": ["default"]}])
            return groups["SecurityGroups"][0]["GroupId"]
        if name == "DefaultNetworkAcl":
            return client.describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"]
        return super().find_attribute(name, physical_id, properties, context)


class Route(ResourceType):
    """A route of a table; `Ref` gives the table and the destination."""

    type = "AWS::EC2::Route"
    _destinations = ("DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId")

    def create(self, properties: Properties, context: Context) -> str:
        """Add the route."""
        call(context.service("ec2"), "create_route", properties)
        return f"{properties['RouteTableId']}|{self._destination(properties)}"

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Lead the same destination elsewhere."""
        call(context.service("ec2"), "replace_route", new)
        return physical_id

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Remove the route."""
        names = ("RouteTableId", *self._destinations)
        call(context.service("ec2"), "delete_route", {name: properties[name] for name in names if name in properties})

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the route as its table shows it."""
        table, _, destination = physical_id.partition("|")
        tables = call(context.service("ec2"), "describe_route_tables", {"RouteTableIds": [table]})["RouteTables"]
        for route in tables[0]["Routes"]:
            if destination in (route.get(name) for name in self._destinations):
                return {**route, "CidrBlock": destination}
        return None

    def _destination(self, properties: Properties) -> str:
        return str(next(properties[name] for name in self._destinations if name in properties))


class GatewayAttachment(ResourceType):
    """An internet gateway on a VPC."""

    type = "AWS::EC2::VPCGatewayAttachment"

    def create(self, properties: Properties, context: Context) -> str:
        """Attach the gateway."""
        call(context.service("ec2"), "attach_internet_gateway", self._pair(properties))
        return f"IGW|{properties['VpcId']}"

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Attach another gateway instead."""
        self.delete(physical_id, old, context)
        return self.create(new, context)

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Detach the gateway."""
        call(context.service("ec2"), "detach_internet_gateway", self._pair(properties))

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the attachment as the gateway shows it."""
        gateway = properties["InternetGatewayId"]
        answer = call(context.service("ec2"), "describe_internet_gateways", {"InternetGatewayIds": [gateway]})
        for attachment in answer["InternetGateways"][0]["Attachments"]:
            if attachment["VpcId"] == properties["VpcId"]:
                return {**attachment, "AttachmentType": "IGW"}
        return None

    @staticmethod
    def _pair(properties: Properties) -> dict[str, Any]:
        return {"InternetGatewayId": properties["InternetGatewayId"], "VpcId": properties["VpcId"]}


class DhcpOptionsAssociation(ResourceType):
    """Which DHCP options a VPC hands out."""

    type = "AWS::EC2::VPCDHCPOptionsAssociation"

    def create(self, properties: Properties, context: Context) -> str:
        """Give the VPC these options."""
        arguments = {name: properties[name] for name in ("DhcpOptionsId", "VpcId")}
        call(context.service("ec2"), "associate_dhcp_options", arguments)
        return f"{properties['DhcpOptionsId']}|{properties['VpcId']}"

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Give the VPC other options."""
        return self.create(new, context)

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Give the VPC the default options back."""
        if self.describe(physical_id, properties, context) is not None:
            arguments = {"DhcpOptionsId": "default", "VpcId": properties["VpcId"]}
            call(context.service("ec2"), "associate_dhcp_options", arguments)

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the VPC while it has these options."""
        vpcs = call(context.service("ec2"), "describe_vpcs", {"VpcIds": [properties["VpcId"]]})["Vpcs"]
        return vpcs[0] if vpcs and vpcs[0].get("DhcpOptionsId") == properties["DhcpOptionsId"] else None


def _dhcp_options(properties: Properties, _: Context) -> Properties:
    names = {
        "DomainName": "domain-name",
        "DomainNameServers": "domain-name-servers",
        "NtpServers": "ntp-servers",
        "NetbiosNameServers": "netbios-name-servers",
        "NetbiosNodeType": "netbios-node-type",
    }
    configurations = []
    for name, key in names.items():
        if name in properties:
            value = properties[name]
            configurations.append(
                {"Key": key, "Values": [str(v) for v in value] if isinstance(value, list) else [str(value)]}
            )
    return {"DhcpConfigurations": configurations}


class FlowLog(ApiResource):
    """Flow logs: created for many resources at once by the API, for one by a template."""

    def create(self, properties: Properties, context: Context) -> str:
        """Begin the log."""
        adapted = {**properties, "ResourceIds": [properties["ResourceId"]]}
        del adapted["ResourceId"]
        return super().create(adapted, context)


def _endpoint_update(physical_id: str, old: Properties, new: Properties) -> dict[str, Any]:
    arguments: dict[str, Any] = {"VpcEndpointId": physical_id}
    for name in changed(old, new) & {"RouteTableIds", "SubnetIds", "SecurityGroupIds"}:
        before, after = set(old.get(name) or []), set(new.get(name) or [])
        if after - before:
            arguments[f"Add{name}"] = sorted(after - before)
        if before - after:
            arguments[f"Remove{name}"] = sorted(before - after)
    return arguments


class VpcEndpoint(ApiResource):
    """A private way to a service of AWS."""

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Add and take away its subnets, route tables and groups."""
        call(context.service("ec2"), "modify_vpc_endpoint", _endpoint_update(physical_id, old, new))
        return physical_id


register(
    _VpcAttributes(
        type="AWS::EC2::VPC",
        **_operations("Vpc"),
        elsewhere=frozenset({"EnableDnsSupport", "EnableDnsHostnames"}),
        attributes={"CidrBlockAssociations": "CidrBlockAssociationSet[].AssociationId"},
        after=_set_vpc,
    ),
    ApiResource(
        type="AWS::EC2::Subnet",
        **_operations("Subnet"),
        elsewhere=frozenset({"MapPublicIpOnLaunch"}),
        after=_set_subnet,
    ),
    ApiResource(
        type="AWS::EC2::InternetGateway",
        **_operations("InternetGateway"),
    ),
    ApiResource(
        type="AWS::EC2::EIP",
        api="ec2",
        create_with="allocate_address",
        made="PublicIp",
        read_with="describe_addresses",
        ask=by_ids("PublicIps"),
        found="Addresses[0]",
        delete_with="release_address",
        delete_ask=by_id("PublicIp"),
    ),
    ApiResource(
        type="AWS::EC2::NatGateway",
        **_operations("NatGateway", found="NatGateways[?State!='deleted'] | [0]"),
        attributes={"EniId": "NatGatewayAddresses[0].NetworkInterfaceId"},
    ),
    ApiResource(
        type="AWS::EC2::RouteTable",
        **_operations("RouteTable"),
    ),
    ApiResource(
        type="AWS::EC2::SubnetRouteTableAssociation",
        api="ec2",
        create_with="associate_route_table",
        made="AssociationId",
        read_with="describe_route_tables",
        ask=lambda physical_id, _: {
            "Filters": [{"Name": "association.route-table-association-id", "Values": [physical_id]}]
        },
        found="RouteTables[0]",
        delete_with="disassociate_route_table",
        delete_ask=by_id("AssociationId"),
        attributes={"Id": "Ref"},
    ),
    Route(),
    GatewayAttachment(),
    ApiResource(
        type="AWS::EC2::DHCPOptions",
        api="ec2",
        create_with="create_dhcp_options",
        made="DhcpOptions.DhcpOptionsId",
        read_with="describe_dhcp_options",
        ask=by_ids("DhcpOptionsIds"),
        found="DhcpOptions[0]",
        delete_with="delete_dhcp_options",
        delete_ask=by_id("DhcpOptionsId"),
        before=_dhcp_options,
    ),
    DhcpOptionsAssociation(),
    FlowLog(
        type="AWS::EC2::FlowLog",
        api="ec2",
        create_with="create_flow_logs",
        made="FlowLogIds[0]",
        read_with="describe_flow_logs",
        ask=by_ids("FlowLogIds"),
        found="FlowLogs[0]",
        delete_with="delete_flow_logs",
        attributes={"Id": "Ref"},
    ),
    VpcEndpoint(
        type="AWS::EC2::VPCEndpoint",
        api="ec2",
        create_with="create_vpc_endpoint",
        made="VpcEndpoint.VpcEndpointId",
        read_with="describe_vpc_endpoints",
        ask=by_ids("VpcEndpointIds"),
        found="VpcEndpoints[0]",
        delete_with="delete_vpc_endpoints",
        attributes={"Id": "Ref", "DnsEntries": "DnsEntries[].join(':', [HostedZoneId || 'Z1', DnsName])"},
    ),
)
