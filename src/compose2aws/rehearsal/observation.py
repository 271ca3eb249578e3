"""Logs, alarms, dashboards, topics."""

from __future__ import annotations

import json

from compose2aws.rehearsal.resource_type import ApiResource, Context, Properties, by_id, by_ids, call, changed, register


def _log_options(physical_id: str, properties: Properties, context: Context) -> None:
    if "RetentionInDays" in properties:
        arguments = {"logGroupName": physical_id, "retentionInDays": int(properties["RetentionInDays"])}
        call(context.service("logs"), "put_retention_policy", arguments)


def _subscribe(physical_id: str, properties: Properties, context: Context) -> None:
    for subscription in properties.get("Subscription") or []:
        arguments = {
            "TopicArn": physical_id,
            "Protocol": subscription["Protocol"],
            "Endpoint": subscription["Endpoint"],
        }
        call(context.service("sns"), "subscribe", arguments)


def _topic_request(properties: Properties, context: Context) -> Properties:
    adapted = {"Name": properties.get("TopicName") or context.generated_name()}
    adapted["Tags"] = properties.get("Tags", [])
    attributes = {
        name: str(properties[name]) for name in ("DisplayName", "KmsMasterKeyId", "FifoTopic") if name in properties
    }
    return {**adapted, "Attributes": attributes}


def _topic_policy(_: str, properties: Properties, context: Context) -> None:
    for topic in properties["Topics"]:
        arguments = {
            "TopicArn": topic,
            "AttributeName": "Policy",
            "AttributeValue": json.dumps(properties["PolicyDocument"]),
        }
        call(context.service("sns"), "set_topic_attributes", arguments)


class TopicPolicy(ApiResource):
    """Who may publish to topics."""

    def create(self, properties: Properties, context: Context) -> str:
        """Put the policy on each topic."""
        physical_id = context.generated_name()
        _topic_policy(physical_id, properties, context)
        return physical_id


class Topic(ApiResource):
    """A topic; its settings change one at a time."""

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Set what differs."""
        for name in sorted(changed(old, new) & {"DisplayName", "KmsMasterKeyId"}):
            arguments = {
                "TopicArn": physical_id,
                "AttributeName": name,
                "AttributeValue": str(new.get(name, "")),
            }
            call(context.service("sns"), "set_topic_attributes", arguments)
        return physical_id


register(
    ApiResource(
        type="AWS::Logs::LogGroup",
        api="logs",
        create_with="create_log_group",
        name="LogGroupName",
        read_with="describe_log_groups",
        ask=by_id("logGroupNamePrefix"),
        found="logGroups[?logGroupName=='$ID'] | [0]",
        delete_with="delete_log_group",
        delete_ask=by_id("logGroupName"),
        elsewhere=frozenset({"RetentionInDays"}),
        # CloudFormation gives the ARN with the streams' wildcard, which is also what the service calls `arn`.
        attributes={"Arn": "arn"},
        after=_log_options,
    ),
    ApiResource(
        type="AWS::Logs::ResourcePolicy",
        api="logs",
        create_with="put_resource_policy",
        name="PolicyName",
        read_with="describe_resource_policies",
        ask=lambda _physical_id, _: {},
        found="resourcePolicies[?policyName=='$ID'] | [0]",
        delete_with="delete_resource_policy",
        delete_ask=by_id("policyName"),
        update_with="put_resource_policy",
        update_all=True,
        update_ask=by_id("policyName"),
    ),
    ApiResource(
        type="AWS::CloudWatch::Alarm",
        api="cloudwatch",
        create_with="put_metric_alarm",
        name="AlarmName",
        read_with="describe_alarms",
        ask=by_ids("AlarmNames"),
        found="MetricAlarms[0]",
        delete_with="delete_alarms",
        update_with="put_metric_alarm",
        update_all=True,
        update_ask=by_id("AlarmName"),
        attributes={"Arn": "AlarmArn"},
    ),
    ApiResource(
        type="AWS::CloudWatch::Dashboard",
        api="cloudwatch",
        create_with="put_dashboard",
        name="DashboardName",
        read_with="get_dashboard",
        ask=by_id("DashboardName"),
        found="@",
        delete_with="delete_dashboards",
        delete_ask=by_ids("DashboardNames"),
        update_with="put_dashboard",
        update_all=True,
    ),
    Topic(
        type="AWS::SNS::Topic",
        api="sns",
        create_with="create_topic",
        made="TopicArn",
        before=_topic_request,
        elsewhere=frozenset({"TopicName", "DisplayName", "KmsMasterKeyId", "FifoTopic", "Subscription"}),
        read_with="get_topic_attributes",
        ask=by_id("TopicArn"),
        found="Attributes",
        delete_with="delete_topic",
        attributes={"TopicName": lambda found: found["TopicArn"].rpartition(":")[2]},
        after=_subscribe,
    ),
    ApiResource(
        type="AWS::SNS::Subscription",
        api="sns",
        create_with="subscribe",
        made="SubscriptionArn",
        read_with="get_subscription_attributes",
        ask=by_id("SubscriptionArn"),
        found="Attributes",
        delete_with="unsubscribe",
        attributes={"Arn": "Ref"},
    ),
    TopicPolicy(
        type="AWS::SNS::TopicPolicy",
        api="sns",
        create_with="set_topic_attributes",
        read_with="get_topic_attributes",
        ask=lambda _, properties: {"TopicArn": properties["Topics"][0]},
        found="Attributes",
        attributes={"Id": "Ref"},
        after=_topic_policy,
    ),
)
