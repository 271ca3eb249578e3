"""Amazon MQ and OpenSearch Service."""

from __future__ import annotations

from typing import Any

from compose2aws.rehearsal.resource_type import ApiResource, Context, Properties, by_id, register


class Domain(ApiResource):
    """A search domain with an endpoint inside its VPC."""

    def find_attribute(self, name: str, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return an attribute; a domain inside a VPC has its endpoint under another key."""
        if name == "DomainEndpoint":
            found = self.describe(physical_id, properties, context)
            if found is None:
                return None
            return found.get("Endpoint") or (found.get("Endpoints") or {}).get("vpc")
        return super().find_attribute(name, physical_id, properties, context)


register(
    ApiResource(
        type="AWS::AmazonMQ::Broker",
        api="mq",
        create_with="create_broker",
        made="BrokerId",
        name="BrokerName",
        name_limit=50,
        read_with="describe_broker",
        ask=by_id("BrokerId"),
        found="@",
        delete_with="delete_broker",
        update_with="update_broker",
        attributes={
            "Arn": "BrokerArn",
            "Id": "Ref",
            "AmqpEndpoints": "BrokerInstances[].Endpoints[?starts_with(@, 'amqp')][]",
            "MqttEndpoints": "BrokerInstances[].Endpoints[?starts_with(@, 'mqtt')][]",
            "OpenWireEndpoints": "BrokerInstances[].Endpoints[?starts_with(@, 'ssl')][]",
            "StompEndpoints": "BrokerInstances[].Endpoints[?starts_with(@, 'stomp')][]",
            "WssEndpoints": "BrokerInstances[].Endpoints[?starts_with(@, 'wss')][]",
            "ConsoleURLs": "BrokerInstances[].ConsoleURL",
            "ConfigurationId": "Configurations.Current.Id",
            "ConfigurationRevision": "Configurations.Current.Revision",
            "IpAddresses": "BrokerInstances[].IpAddress",
            "EngineVersionCurrent": "EngineVersion",
        },
    ),
    Domain(
        type="AWS::OpenSearchService::Domain",
        api="opensearch",
        create_with="create_domain",
        name="DomainName",
        name_limit=28,
        name_lower=True,
        renames={"Tags": "TagList"},
        read_with="describe_domain",
        ask=by_id("DomainName"),
        found="DomainStatus",
        delete_with="delete_domain",
        update_with="update_domain_config",
        attributes={"Arn": "ARN", "DomainArn": "ARN", "Id": "DomainId"},
    ),
)
