"""Alarms, and the topic that mails them."""

from __future__ import annotations

from troposphere import Ref, cloudwatch, sns

from compose2aws.cloudformation.expression import Expression, attribute, encryption_key, joined, ref
from compose2aws.cloudformation.graph import Graph
from compose2aws.planning.model import Alarm, AlarmTopic, Dimension, Plan

_PERIOD = 300
_OPERATORS = {"above": "GreaterThanThreshold", "below": "LessThanThreshold"}


def emit_alarms(graph: Graph, plan: Plan) -> None:
    """Add the topic with its address, and the alarms: after all that they watch."""
    if plan.alarm_topic is None:
        return
    _emit_topic(graph, plan, plan.alarm_topic)
    for alarm in plan.alarms:
        watched = [dimension.of.logical_id for dimension in alarm.dimensions if dimension.of]
        owner = next((node.owner for name in watched if (node := graph.nodes[name]).owner), None)
        graph.add(_alarm(graph, alarm, plan.alarm_topic), alarm.source, owner=owner)


def _emit_topic(graph: Graph, plan: Plan, item: AlarmTopic) -> None:
    graph.add(
        sns.Topic(
            item.topic.logical_id,
            DisplayName=f"Alarms of {plan.project}"[:100],
            KmsMasterKeyId=encryption_key(),
        )
    )
    graph.add(
        sns.SubscriptionResource(
            item.subscription.logical_id, TopicArn=ref(item.topic), Protocol="email", Endpoint=item.address
        )
    )


def _alarm(graph: Graph, alarm: Alarm, topic: AlarmTopic) -> cloudwatch.Alarm:
    """It rings when the metric was beyond the threshold for all of its minutes. What counts something bad reports
    nothing where there is none."""
    made = cloudwatch.Alarm(
        alarm.id.logical_id,
        AlarmDescription=alarm.description,
        Namespace=alarm.namespace,
        MetricName=alarm.metric,
        Statistic=alarm.statistic,
        ComparisonOperator=_OPERATORS[alarm.side],
        Threshold=alarm.threshold,
        Period=_PERIOD,
        EvaluationPeriods=max(1, alarm.minutes * 60 // _PERIOD),
        TreatMissingData="notBreaching" if alarm.side == "above" else "missing",
        AlarmActions=[ref(topic.topic)],
        OKActions=[ref(topic.topic)],
    )
    # troposphere does not take the expression of a property that was made before
    made.properties["Dimensions"] = [
        {"Name": dimension.name, "Value": _value(graph, dimension)} for dimension in alarm.dimensions
    ]
    return made


def _value(graph: Graph, dimension: Dimension) -> Expression:
    if dimension.of is None:
        return Ref("AWS::AccountId")
    if dimension.made_with:
        return graph.nodes[dimension.of.logical_id].body["Properties"][dimension.made_with]
    value = attribute(dimension.of, dimension.attribute) if dimension.attribute else ref(dimension.of)
    return joined(value, dimension.suffix)
