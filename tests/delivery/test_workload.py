"""Which compose service each container of a deployed task is."""

from __future__ import annotations

from typing import Any

import pytest

from compose2aws.delivery.account import open_account
from compose2aws.delivery.deployed import DeployedProject, DeployedResource
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.workload import find_workload, workloads
from compose2aws.planning.identity import container_name


def container(name: str, group: str, prefix: str | None = None, **more: Any) -> dict[str, Any]:
    options = {"awslogs-group": {"Ref": group}, "awslogs-stream-prefix": prefix or name}
    return {"Name": name, "LogConfiguration": {"LogDriver": "awslogs", "Options": options}, **more}


def project(*tasks: tuple[str, str, list[dict[str, Any]]]) -> DeployedProject:
    """Each task: the type of what runs it, the compose service, its containers."""
    made = []
    for type_, service, containers in tasks:
        definition = f"{service}Definition"
        properties: dict[str, Any] = {"TaskDefinition": {"Ref": definition}}
        source = f"services.{service}"
        made.append(resource(f"{service}Runs", type_, properties, source))
        given = {"Cpu": "256", "Memory": "512", "ContainerDefinitions": containers}
        made.append(resource(definition, "AWS::ECS::TaskDefinition", given, source))
        groups = {
            options["awslogs-group"]["Ref"]
            for one in containers
            if "awslogs-group" in (options := one["LogConfiguration"].get("Options", {}))
        }
        made += [resource(group, "AWS::Logs::LogGroup", {}, source) for group in groups]
    return DeployedProject("shop", open_account("eu-west-1"), (), {one.logical_id: one for one in made})


def resource(logical_id: str, type_: str, properties: dict[str, Any], source: str) -> DeployedResource:
    physical = f"arn:aws:ecs:eu-west-1:1:task-definition/shop-{logical_id}:1"
    return DeployedResource(logical_id, type_, physical, "CREATE_COMPLETE", None, "shop-app", properties, source)


SERVICE, JOB = "AWS::ECS::Service", "AWS::CloudFormation::CustomResource"


def labels(found: DeployedProject) -> list[list[str]]:
    return [[one.label for one in workload.containers] for workload in workloads(found)]


def test_sidecars_are_services_and_what_prepares_a_service_is_part_of_it() -> None:
    seed = container("seed-0123abcd", "ApiLogGroup")
    containers = [seed, container("api", "ApiLogGroup"), container("metrics", "MetricsLogGroup")]
    found = project((SERVICE, "api", containers))
    assert labels(found) == [["api/seed", "api", "metrics"]]
    assert find_workload(found, "metrics")[1].name == "metrics"


def test_a_renamed_sidecar_is_known_by_its_new_name() -> None:
    found = project((SERVICE, "api", [container("api", "OldLogGroup"), container("metrics", "GaugeLogGroup")]))
    assert labels(found) == [["api", "metrics"]]


def test_a_job_that_prepares_a_database_is_not_the_database() -> None:
    found = project((JOB, "db", [container("init", "DbInitLogGroup")]))
    assert labels(found) == [["db/init"]]
    with pytest.raises(DeliveryError, match="db runs in no container: it is a managed service"):
        find_workload(found, "db")
    assert find_workload(found, "db/init")[0].kind == "job"


def test_a_router_of_logs_is_part_of_its_service_and_such_output_is_elsewhere() -> None:
    router = container("logs-0123abcd", "ApiLogGroup", FirelensConfiguration={"Type": "fluentbit"})
    api = {"Name": "api", "LogConfiguration": {"LogDriver": "awsfirelens", "Options": {"Name": "forward"}}}
    (workload,) = workloads(project((SERVICE, "api", [router, api])))
    assert [one.label for one in workload.containers] == ["api/logs", "api"]
    assert (workload.main.name, workload.main.logs, workload.main.driver) == ("api", None, "awsfirelens")


def test_a_name_that_a_container_cannot_have_is_still_the_services() -> None:
    found = project((SERVICE, "api", [container("api", "ApiLogGroup")]))
    dotted = resource("Runs", SERVICE, {"TaskDefinition": {"Ref": "Definition"}}, 'services["my.app"]')
    given = {"ContainerDefinitions": [container(container_name("my.app"), "AppLogGroup", "my.app")]}
    definition = resource("Definition", "AWS::ECS::TaskDefinition", given, 'services["my.app"]')
    both = {**found.resources, "Runs": dotted, "Definition": definition}
    assert labels(DeployedProject("shop", found.account, (), both)) == [["api"], ["my.app"]]
