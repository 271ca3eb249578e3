"""Balancers, and the certificate and records that give them names."""

from __future__ import annotations

from typing import Any

from troposphere import Ref, certificatemanager, route53
from troposphere import elasticloadbalancingv2 as elb

from compose2aws.cloudformation.expression import Expression, attribute, ref, subnets, vpc
from compose2aws.cloudformation.graph import Graph, GraphError, Skip
from compose2aws.planning.model import (
    Balancer,
    Listener,
    ListenerRule,
    Parameter,
    Plan,
    Service,
    TargetGroup,
)

_TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-2021-06"
_PROTECTED: Skip = ("CKV_AWS_150", "Deletion protection would block the rollback of a first release")
_PLAIN_HTTP: Skip = ("CKV_AWS_2", "The project has no domain to make a certificate for")
_PLAIN_HTTP_POLICY: Skip = ("CKV_AWS_103", "The listener is not encrypted, so it has no TLS version")
_WILDCARD: Skip = ("CKV2_AWS_71", "One certificate for all services: another name needs no new certificate")
_INTERVAL = 15
_TIMEOUT = 5
_HEALTHY = 2
_UNHEALTHY = 3


def emit_balancers(graph: Graph, plan: Plan) -> None:
    """Add the balancers with their listeners, rules and target groups, the certificate and the public records."""
    if plan.certificate and plan.certificate.arn is None:
        _emit_certificate(graph, plan, plan.certificate.names)
    owners = {
        target.target_group.logical_id: workload.identity
        for workload in plan.workloads
        if isinstance(workload, Service)
        for target in workload.targets
    }
    for balancer in plan.balancers:
        _emit_balancer(graph, plan, balancer)
        shared = _shared_groups(balancer, owners)
        owned = {group: owner for group, owner in owners.items() if group not in shared}
        for group in balancer.target_groups:
            graph.add(_target_group(plan, group), group.source, owner=owned.get(group.id.logical_id))
        for listener in balancer.listeners:
            owner = owned.get(getattr(listener.default, "logical_id", ""))
            graph.add(_listener(plan, balancer, listener), listener.source, owner=owner, skips=_skips(listener))
        for rule in balancer.rules:
            graph.add(_rule(rule), rule.source, owner=owned.get(rule.target_group.logical_id))
    for record in plan.records:
        graph.add(
            route53.RecordSetType(
                record.id.logical_id,
                HostedZoneId=_zone(graph, plan),
                Name=record.name,
                Type="A",
                AliasTarget=route53.AliasTarget(
                    DNSName=attribute(record.balancer, "DNSName"),
                    HostedZoneId=attribute(record.balancer, "CanonicalHostedZoneID"),
                    EvaluateTargetHealth=True,
                ),
            ),
            record.source,
            owner=f"record {record.name}",
        )


def public_address(plan: Plan, scheme: str) -> Expression:
    """The DNS name of the balancer that takes a scheme's requests."""
    kind = "application" if scheme in ("http", "https") else "network"
    for balancer in plan.balancers:
        if balancer.kind == kind:
            return attribute(balancer.id, "DNSName")
    raise GraphError(f"a public URL is {scheme}, and the plan has no {kind} balancer")


def _shared_groups(balancer: Balancer, owners: dict[str, str]) -> set[str]:
    """Target groups that a listener sends to by default while its rules send to those of other workloads: such a
    listener belongs to no workload alone, nor does what it names."""
    shared: set[str] = set()
    for listener in balancer.listeners:
        if isinstance(listener.default, str):
            continue
        mine = owners.get(listener.default.logical_id)
        rules = (rule for rule in balancer.rules if rule.listener == listener.id)
        if any(owners.get(rule.target_group.logical_id) != mine for rule in rules):
            shared.add(listener.default.logical_id)
    return shared


def _zone(graph: Graph, plan: Plan) -> Expression:
    if plan.zone:
        return plan.zone
    domain = plan.certificate.names[0] if plan.certificate and plan.certificate.names else ""
    name = graph.declare(
        Parameter(
            name="HostedZoneId",
            source=f"hosted-zone:{domain.removeprefix('*.')}",
            description="The Route 53 hosted zone of the domain",
        )
    )
    return Ref(name)


def _emit_certificate(graph: Graph, plan: Plan, names: tuple[str, ...]) -> None:
    # A wildcard is validated by the same record as the name below it, and that record can be made once.
    validated = [name for name in names if not (name.startswith("*.") and name.removeprefix("*.") in names)]
    graph.add(
        certificatemanager.Certificate(
            "DomainCertificate",
            DomainName=names[0],
            **({"SubjectAlternativeNames": list(names[1:])} if names[1:] else {}),
            ValidationMethod="DNS",
            DomainValidationOptions=[
                certificatemanager.DomainValidationOption(DomainName=name, HostedZoneId=_zone(graph, plan))
                for name in validated
            ],
        ),
        skips=(_WILDCARD,) if any(name.startswith("*.") for name in names) else (),
    )


def _emit_balancer(graph: Graph, plan: Plan, balancer: Balancer) -> None:
    application = balancer.kind == "application"
    attributes: dict[str, Expression] = {"deletion_protection.enabled": "false"}
    if application:
        attributes["routing.http.drop_invalid_header_fields.enabled"] = "true"
    else:
        attributes["load_balancing.cross_zone.enabled"] = "true"
    attributes["access_logs.s3.enabled"] = "true" if balancer.access_logs else "false"
    if balancer.access_logs:
        attributes["access_logs.s3.bucket"] = Ref("BalancerLogBucket")
    graph.add(
        elb.LoadBalancer(
            balancer.id.logical_id,
            Type=balancer.kind,
            Scheme="internet-facing",
            Subnets=subnets(plan.network, "public"),
            SecurityGroups=[attribute(balancer.security_group, "GroupId")],
            LoadBalancerAttributes=[
                elb.LoadBalancerAttributes(Key=key, Value=value) for key, value in attributes.items()
            ],
        ),
        skips=(_PROTECTED,),
    )


def _target_group(plan: Plan, group: TargetGroup) -> elb.TargetGroup:
    check: dict[str, Any] = {"HealthCheckProtocol": "TCP"}
    if group.health_path or group.protocol in ("HTTP", "HTTPS"):
        check = {"HealthCheckProtocol": group.protocol, "HealthCheckPath": group.health_path or "/"}
        check["Matcher"] = elb.Matcher(HttpCode=group.matcher or "200-399")
    return elb.TargetGroup(
        group.id.logical_id,
        # A task registers its own port; this one is create-only, so it never follows the compose file.
        Port=80,
        Protocol=group.protocol,
        TargetType="ip",
        VpcId=vpc(plan.network),
        **check,
        HealthCheckPort=str(group.health_port) if group.health_port else "traffic-port",
        HealthCheckIntervalSeconds=_INTERVAL,
        HealthCheckTimeoutSeconds=_TIMEOUT,
        HealthyThresholdCount=_HEALTHY,
        UnhealthyThresholdCount=_UNHEALTHY,
        TargetGroupAttributes=[
            elb.TargetGroupAttribute(Key="deregistration_delay.timeout_seconds", Value=str(group.deregistration_delay))
        ],
    )


def _listener(plan: Plan, balancer: Balancer, listener: Listener) -> elb.Listener:
    resource = elb.Listener(
        listener.id.logical_id,
        LoadBalancerArn=ref(balancer.id),
        Port=listener.port,
        Protocol=listener.protocol,
        DefaultActions=[_default_action(listener)],
    )
    if listener.protocol == "HTTPS":
        if plan.certificate is None:
            raise GraphError("an HTTPS listener needs a certificate")
        certificate = plan.certificate.arn or ref(plan.certificate.id)
        resource.Certificates = [elb.Certificate(CertificateArn=certificate)]
        resource.SslPolicy = _TLS_POLICY
    return resource


def _default_action(listener: Listener) -> elb.Action:
    if listener.default == "redirect":
        redirect = elb.RedirectConfig(Protocol="HTTPS", Port="443", StatusCode="HTTP_301")
        return elb.Action(Type="redirect", RedirectConfig=redirect)
    if isinstance(listener.default, str):
        answer = elb.FixedResponseConfig(StatusCode="404", ContentType="text/plain", MessageBody="Not found")
        return elb.Action(Type="fixed-response", FixedResponseConfig=answer)
    return elb.Action(Type="forward", TargetGroupArn=ref(listener.default))


def _skips(listener: Listener) -> tuple[Skip, ...]:
    plain = listener.protocol == "HTTP" and listener.default != "redirect"
    return (_PLAIN_HTTP, _PLAIN_HTTP_POLICY) if plain else ()


def _rule(rule: ListenerRule) -> elb.ListenerRule:
    conditions = []
    if rule.hosts:
        hosts = elb.HostHeaderConfig(Values=list(rule.hosts))
        conditions.append(elb.Condition(Field="host-header", HostHeaderConfig=hosts))
    if rule.paths:
        paths = elb.PathPatternConfig(Values=list(rule.paths))
        conditions.append(elb.Condition(Field="path-pattern", PathPatternConfig=paths))
    return elb.ListenerRule(
        rule.id.logical_id,
        ListenerArn=ref(rule.listener),
        Priority=rule.priority,
        Conditions=conditions,
        Actions=[elb.ListenerRuleAction(Type="forward", TargetGroupArn=ref(rule.target_group))],
    )
