"""What ECS and Elastic Load Balancing refuse in services, target groups and rules, and no linter sees.

Sources: Amazon ECS API Reference, "CreateService", "ServiceConnectService"; Amazon ECS Developer Guide, "Service
Connect", "Availability Zone rebalancing"; Elastic Load Balancing API Reference, "CreateTargetGroup", "CreateRule".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from compose2aws.inspection.system import SERVICE, TASK, Resource, System, container_names, containers

_TARGETS = "AWS::ElasticLoadBalancingV2::TargetGroup"
_MOST_GROUPS = 5
_MOST_TARGETS = 5
_LONGEST_GRACE = 2_147_483_647


def service_problems(system: System) -> Iterator[str]:
    """Counts, percents, registries, ports of balancers."""
    for service in system.all(SERVICE):
        properties = service.properties
        task = system.one(properties.get("TaskDefinition"), TASK)
        if task is not None:
            yield from _target_problems(service, task)
        if len(properties.get("ServiceRegistries", [])) > 1:
            yield f"{service.id} registers in more than one registry"
        deployment = properties.get("DeploymentConfiguration", {})
        least, most = int(deployment.get("MinimumHealthyPercent", 100)), int(deployment.get("MaximumPercent", 200))
        if properties.get("AvailabilityZoneRebalancing", "ENABLED") == "ENABLED" and most <= 100:
            yield f"{service.id} rebalances its zones, which needs more than {most} percent"
        if not 0 <= least <= 100 <= most or (least == 100 and most == 100):
            yield f"{service.id} can never be deployed with {least} to {most} percent of its tasks"
        if int(properties.get("DesiredCount", 1)) < 0:
            yield f"{service.id} wants less than no task"
        grace = properties.get("HealthCheckGracePeriodSeconds")
        if grace is not None and not 0 <= int(grace) <= _LONGEST_GRACE:
            yield f"{service.id} has a grace period of {grace} s"
        checked = task is not None and any("HealthCheck" in container for container in containers(task))
        if grace is not None and not properties.get("LoadBalancers") and not checked:
            yield f"{service.id} has a grace period and no health check that it is about"
        if "LaunchType" in properties and "CapacityProviderStrategy" in properties:
            yield f"{service.id} has a launch type and a strategy, which exclude each other"
    for workload in system.workloads:
        if len(workload.groups) > _MOST_GROUPS:
            yield f"{workload.resource.id} has {len(workload.groups)} security groups; a task takes {_MOST_GROUPS}"
        if workload.task.properties.get("NetworkMode") == "awsvpc" and not workload.groups:
            yield f"{workload.resource.id} has no security group"
    started = {workload.task.id for workload in system.workloads}
    for task in system.all(TASK):
        if task.id not in started:
            yield f"nothing starts {task.id}"


def _target_problems(service: Resource, task: Resource) -> Iterator[str]:
    entries = service.properties.get("LoadBalancers", [])
    if len(entries) > _MOST_TARGETS:
        yield f"{service.id} has {len(entries)} target groups; a service takes {_MOST_TARGETS}"
    for entry in entries:
        if entry["ContainerName"] not in container_names(task):
            yield f"{service.id} sends requests to {entry['ContainerName']}, which is no container of {task.id}"
            continue
        container = next(c for c in containers(task) if c["Name"] == entry["ContainerName"])
        mapped = {int(mapping["ContainerPort"]) for mapping in container.get("PortMappings", [])}
        if int(entry["ContainerPort"]) not in mapped:
            yield f"{service.id} sends requests to port {entry['ContainerPort']}, which {task.id} does not map"


def connect_problems(system: System) -> Iterator[str]:
    """Service Connect: the port is there, what a namespace discovers and a client calls is said once."""
    discovered: Counter[str] = Counter()
    for service in system.all(SERVICE):
        configuration = service.properties.get("ServiceConnectConfiguration", {})
        task = system.one(service.properties.get("TaskDefinition"), TASK)
        mappings = [m for c in containers(task) for m in c.get("PortMappings", [])] if task else []
        names = {mapping.get("Name") for mapping in mappings}
        aliases: Counter[tuple[str, int]] = Counter()
        for offer in configuration.get("Services", []):
            if offer["PortName"] not in names:
                yield f"{service.id} offers the port {offer['PortName']}, which its task does not name"
            discovered[offer.get("DiscoveryName", offer["PortName"])] += 1
            aliases.update((alias["DnsName"], alias["Port"]) for alias in offer["ClientAliases"])
        if twice := [alias for alias, count in aliases.items() if count > 1]:
            yield f"{service.id} offers {twice[0][0]}:{twice[0][1]} twice"
        if (
            configuration.get("Enabled")
            and system.one(
                configuration.get("Namespace"),
                "AWS::ServiceDiscovery::HttpNamespace",
                "AWS::ServiceDiscovery::PrivateDnsNamespace",
            )
            is None
        ):
            yield f"{service.id} connects in a namespace that is in no template"
    for name, count in discovered.items():
        if count > 1:
            yield f"{count} services are discovered as {name}"


def target_group_problems(system: System) -> Iterator[str]:
    """Health checks, delays, and that each target group is used by one service."""
    for targets in system.all(_TARGETS):
        properties = targets.properties
        interval = int(properties.get("HealthCheckIntervalSeconds", 30))
        timeout = int(properties.get("HealthCheckTimeoutSeconds", 5))
        if not 5 <= interval <= 300 or not 2 <= timeout <= 120 or timeout >= interval:
            yield f"{targets.id} checks every {interval} s and waits {timeout} s, which is not taken"
        for key in ("HealthyThresholdCount", "UnhealthyThresholdCount"):
            if not 2 <= int(properties.get(key, 3)) <= 10:
                yield f"{targets.id} has a {key} of {properties[key]}; 2 to 10 are taken"
        path = properties.get("HealthCheckPath", "/")
        if not path.startswith("/") or len(path) > 1024:
            yield f"{targets.id} asks for {path}, which is no path"
        if properties.get("TargetType") != "ip":
            yield f"{targets.id} is not for addresses, which is what tasks in a VPC register"
        for attribute in properties.get("TargetGroupAttributes", []):
            delay = attribute["Key"] == "deregistration_delay.timeout_seconds"
            if delay and not 0 <= int(attribute["Value"]) <= 3600:
                yield f"{targets.id} takes {attribute['Value']} s to let go of a target; 0 to 3600 are taken"
        users = [s for s in system.all(SERVICE) if targets in system.under(s.properties.get("LoadBalancers"), _TARGETS)]
        if len(users) != 1:
            yield f"{targets.id} is used by {len(users)} services"


def listener_problems(system: System) -> Iterator[str]:
    """Ports of a balancer and priorities of a listener are used once; a rule has at most five values."""
    ports: Counter[tuple[str, int]] = Counter()
    for listener in system.all("AWS::ElasticLoadBalancingV2::Listener"):
        balancer = system.one(listener.properties["LoadBalancerArn"], "AWS::ElasticLoadBalancingV2::LoadBalancer")
        ports[balancer.id if balancer else "", int(listener.properties["Port"])] += 1
        if listener.properties["Protocol"] in ("HTTPS", "TLS") and not listener.properties.get("Certificates"):
            yield f"{listener.id} has no certificate"
    for (name, port), count in ports.items():
        if count > 1:
            yield f"{name} has {count} listeners on port {port}"
    priorities: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for rule in system.all("AWS::ElasticLoadBalancingV2::ListenerRule"):
        on = system.one(rule.properties["ListenerArn"], "AWS::ElasticLoadBalancingV2::Listener")
        priority = int(rule.properties["Priority"])
        priorities[on.id if on else ""][priority] += 1
        if not 1 <= priority <= 50_000:
            yield f"{rule.id} has the priority {priority}; 1 to 50000 are taken"
        values = [v for c in rule.properties["Conditions"] for key in c if key != "Field" for v in c[key]["Values"]]
        if not 1 <= len(values) <= 5:
            yield f"{rule.id} has {len(values)} values; one to five are taken"
    for name, found in priorities.items():
        for priority, count in found.items():
            if count > 1:
                yield f"{name} has {count} rules of the priority {priority}"
