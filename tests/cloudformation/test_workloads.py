"""Task definitions, roles, services, names and jobs."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from compose2aws.cloudformation import emit
from compose2aws.planning.model import Autoscaling, Plan, Service, Task, named

from .plans import bare_plan, container, full_plan, service
from .test_templates import resources, values
from .wide_plans import CREDENTIALS, job, wide_plan


def properties(plan: Plan, name: str) -> dict[str, Any]:
    body: dict[str, Any] = resources(emit(plan))[name]["Properties"]
    return body


def only_container(plan: Plan, definition: str) -> dict[str, Any]:
    made: dict[str, Any] = properties(plan, definition)["ContainerDefinitions"][0]
    return made


def statements(plan: Plan, role: str) -> list[dict[str, Any]]:
    return [
        statement
        for policy in properties(plan, role).get("Policies", [])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def test_an_own_image_is_named_by_its_digest() -> None:
    image = only_container(full_plan(), "ApiTaskDefinition")["Image"]["Fn::Join"][1]
    assert image[-3:] == [{"Ref": "AWS::URLSuffix"}, "/shop/api@", {"Ref": "ApiImage"}]


def test_a_built_connection_string_reaches_its_container_as_a_secret_only() -> None:
    api = only_container(full_plan(), "ApiTaskDefinition")
    assert "DATABASE_URL" in {secret.get("Name") for secret in api["Secrets"]}
    assert "DATABASE_URL" not in {entry.get("Name") for entry in api["Environment"]}
    assert not any("{{resolve:" in text for text in values(api, "Value") if isinstance(text, str))


def test_a_key_of_a_login_is_read_by_its_name() -> None:
    api = only_container(full_plan(), "ApiTaskDefinition")
    password = next(secret for secret in api["Secrets"] if secret.get("Name") == "PGPASSWORD")
    assert password["ValueFrom"]["Fn::Join"][1] == [{"Fn::ImportValue": "shop-base-PostgresMasterLogin"}, ":password::"]


def test_an_optional_variable_is_absent_where_it_is_not_given() -> None:
    environment = only_container(full_plan(), "ApiTaskDefinition")["Environment"]
    entry = {"Name": "TZ", "Value": {"Ref": "Timezone"}}
    assert {"Fn::If": ["TimezoneIsGiven", entry, {"Ref": "AWS::NoValue"}]} in environment


def test_an_optional_variable_is_empty_where_the_compose_file_leaves_it_so() -> None:
    environment = only_container(wide_plan(), "WriterTaskDefinition")["Environment"]
    level = {"Name": "LEVEL", "Value": {"Fn::Join": ["", ["v", {"Ref": "Level"}]]}}
    assert {"Fn::If": ["LevelIsGiven", level, {"Name": "LEVEL", "Value": ""}]} in environment


def test_an_empty_optional_secret_becomes_plain_empty_environment() -> None:
    api = only_container(full_plan(), "ApiTaskDefinition")
    nothing = {"Ref": "AWS::NoValue"}
    assert {"Fn::If": ["SmtpPasswordIsGiven", nothing, {"Name": "SMTP_PASSWORD", "Value": ""}]} in api["Environment"]
    secret = next(entry["Fn::If"] for entry in api["Secrets"] if "Fn::If" in entry)
    assert (secret[0], secret[1]["Name"], secret[2]) == ("SmtpPasswordIsGiven", "SMTP_PASSWORD", nothing)
    stored = next(body for name, body in resources(emit(full_plan())).items() if name.startswith("SmtpPassword"))
    assert stored["Condition"] == "SmtpPasswordIsGiven"


def test_only_tasks_that_read_secrets_start_anew_when_secrets_change() -> None:
    labels = only_container(full_plan(), "ApiTaskDefinition")["DockerLabels"]
    assert labels["compose2aws.secrets-revision"] == {"Ref": "SecretsRevision"}
    assert "compose2aws.secrets-revision" not in only_container(full_plan(), "WebTaskDefinition")["DockerLabels"]


def test_a_consumer_restarts_when_its_aliases_change() -> None:
    def label(*aliases: str) -> str:
        plan = full_plan()
        api, web = plan.workloads
        assert isinstance(web, Service)
        assert web.connect
        changed = replace(web, connect=replace(web.connect, client_of=aliases))
        made = only_container(replace(plan, workloads=(api, changed)), "WebTaskDefinition")
        text: str = made["DockerLabels"]["compose2aws.connect-aliases"]
        return text

    assert label("api:3000") == label("api:3000") != label("api:3000", "worker:80")


def test_a_task_is_started_with_its_own_secrets_and_images_alone() -> None:
    allowed = statements(full_plan(), "ApiExecutionRole")
    secrets = [s for s in allowed if s.get("Action") == "secretsmanager:GetSecretValue"]
    assert len(secrets[0]["Resource"]) == 3
    assert {"Fn::ImportValue": "shop-base-PostgresMasterLogin"} in secrets[0]["Resource"]
    pull = next(s for s in allowed if "ecr:BatchGetImage" in s.get("Action", ()))
    assert pull["Resource"][0]["Fn::Join"][1][-1] == ":repository/shop/api"
    web = statements(full_plan(), "WebExecutionRole")
    assert not any(s["Action"] in ("secretsmanager:GetSecretValue", "kms:Decrypt") for s in web)
    assert [s["Action"] for s in web if s["Resource"] == "*"] == ["ecr:GetAuthorizationToken"]


def test_a_secret_that_may_not_be_there_has_a_conditional_statement() -> None:
    conditional = [s["Fn::If"] for s in statements(wide_plan(), "WriterExecutionRole") if "Fn::If" in s]
    assert [part[0] for part in conditional] == ["LicenseIsGiven"]
    assert conditional[0][2] == {"Ref": "AWS::NoValue"}


def test_the_login_of_a_private_registry_may_be_read() -> None:
    assert only_container(wide_plan(), "WriterTaskDefinition")["RepositoryCredentials"] == {
        "CredentialsParameter": CREDENTIALS
    }
    readable = [s["Resource"] for s in statements(wide_plan(), "WriterExecutionRole") if "Resource" in s]
    assert [CREDENTIALS] in readable


def test_a_task_without_rights_has_a_role_without_policies() -> None:
    assert "Policies" not in properties(wide_plan(), "DnsTaskRole")
    sessions = statements(full_plan(), "ApiTaskRole")[0]["Action"]
    assert all(action.startswith("ssmmessages:") for action in sessions)


def test_a_volume_is_reached_through_its_access_point_alone() -> None:
    volume = properties(wide_plan(), "WriterTaskDefinition")["Volumes"][0]["EFSVolumeConfiguration"]
    assert volume["TransitEncryption"] == "ENABLED"
    assert volume["AuthorizationConfig"]["IAM"] == "ENABLED"
    rights = next(
        s for s in statements(wide_plan(), "WriterTaskRole") if "elasticfilesystem:ClientMount" in s["Action"]
    )
    point = rights["Condition"]["StringEquals"]["elasticfilesystem:AccessPointArn"][0]["Fn::Join"][1]
    assert point[-1] == {"Ref": "UploadsAccessPoint"}
    assert properties(wide_plan(), "UploadsAccessPoint")["RootDirectory"]["CreationInfo"]["Permissions"] == "0777"


def test_containers_keep_what_the_compose_file_says_of_them() -> None:
    definition = properties(wide_plan(), "WriterTaskDefinition")
    main, prepare = definition["ContainerDefinitions"]
    assert definition["RuntimePlatform"]["CpuArchitecture"] == "ARM64"
    assert definition["EphemeralStorage"] == {"SizeInGiB": 30}
    assert main["Command"][0]["Fn::Join"][1][0] == "exec writer --to "
    assert main["DependsOn"] == [{"ContainerName": "prepare", "Condition": "SUCCESS"}]
    assert main["LinuxParameters"] == {
        "InitProcessEnabled": True,
        "Capabilities": {"Add": ["SYS_PTRACE"], "Drop": ["NET_RAW"]},
        "Tmpfs": [{"ContainerPath": "/run", "Size": 64, "MountOptions": ["noexec"]}],
    }
    assert (main["User"], main["WorkingDirectory"], main["StopTimeout"]) == ("1000:1000", "/srv", 60)
    assert main["Ulimits"] == [{"Name": "nofile", "SoftLimit": 65536, "HardLimit": 65536}]
    assert main["SystemControls"] == [{"Namespace": "net.core.somaxconn", "Value": "1024"}]
    assert main["DockerLabels"]["team"] == "storage"
    assert main["MountPoints"][1] == {"SourceVolume": "scratch", "ContainerPath": "/scratch", "ReadOnly": True}
    assert prepare["Essential"] is False


def test_logs_never_hold_a_container_up() -> None:
    options = only_container(full_plan(), "ApiTaskDefinition")["LogConfiguration"]["Options"]
    assert (options["mode"], options["max-buffer-size"]) == ("non-blocking", "25m")


def test_a_service_names_capacity_and_neither_launch_type_nor_itself() -> None:
    api = properties(full_plan("development"), "ApiService")
    assert [share["CapacityProvider"] for share in api["CapacityProviderStrategy"]] == ["FARGATE_SPOT"]
    assert not {"LaunchType", "ServiceName"} & api.keys()
    assert api["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {"Enable": True, "Rollback": True}


def test_tasks_in_public_subnets_have_an_address_of_their_own() -> None:
    def address(plan: Plan) -> str:
        network = properties(plan, "ApiService")["NetworkConfiguration"]["AwsvpcConfiguration"]
        assigned: str = network["AssignPublicIp"]
        return assigned

    assert (address(full_plan("development")), address(full_plan("production"))) == ("ENABLED", "DISABLED")


def test_a_service_waits_for_capacity_for_its_listeners_and_for_what_it_needs() -> None:
    made = resources(emit(full_plan()))
    listeners = {"ApiHttpListener", "ApiListenerRule"}
    assert listeners | {"ServiceClusterCapacityProviders"} <= set(made["ApiService"]["DependsOn"])
    assert "ApiService" in made["WebService"]["DependsOn"]


def test_what_needs_a_service_waits_for_its_names() -> None:
    made = resources(emit(full_plan()))
    assert {"PostgresAliasInstance", "RedisAliasInstance"} <= set(made["ApiService"]["DependsOn"])
    assert "PostgresAliasInstance" not in made["WebService"]["DependsOn"]


def test_what_scales_by_itself_has_no_count() -> None:
    made = resources(emit(wide_plan()))
    assert "DesiredCount" not in made["BrokerService"]["Properties"]
    assert made["DnsService"]["Properties"]["DesiredCount"] == 1
    assert made["BrokerScalableTarget"]["Properties"]["MaxCapacity"] == 4
    metrics = {
        name: body["Properties"]["TargetTrackingScalingPolicyConfiguration"]
        for name, body in made.items()
        if body["Type"] == "AWS::ApplicationAutoScaling::ScalingPolicy"
    }
    assert {name: metric["TargetValue"] for name, metric in metrics.items()} == {
        "BrokerCpuScalingPolicy": 60,
        "BrokerMemoryScalingPolicy": 70,
    }


def test_requests_are_counted_on_the_target_group_behind_its_balancer() -> None:
    plan = full_plan()
    api, web = plan.workloads
    assert isinstance(api, Service)
    target = named("AWS::ElasticLoadBalancingV2::TargetGroup", "api", "TargetGroup")
    scaled = replace(api, autoscaling=Autoscaling(1, 9, requests=500, target_group=target))
    policy = properties(replace(plan, workloads=(scaled, web)), "ApiRequestsScalingPolicy")
    metric = policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    assert metric["ResourceLabel"]["Fn::Join"][1] == [
        {"Fn::GetAtt": ["ApplicationLoadBalancer", "LoadBalancerFullName"]},
        "/",
        {"Fn::GetAtt": ["ApiTargetGroup", "TargetGroupFullName"]},
    ]


def test_insights_are_watched_in_production() -> None:
    for plan, value in ((full_plan("production"), "enabled"), (full_plan("development"), "disabled")):
        assert properties(plan, "ServiceCluster")["ClusterSettings"][0]["Value"] == value


def test_a_service_says_what_it_does_without_since_aws_keeps_what_it_is_told_nothing_of() -> None:
    made = properties(replace(bare_plan(), workloads=(service("worker"),)), "WorkerService")
    assert made["LoadBalancers"] == made["ServiceRegistries"] == []
    assert made["ServiceConnectConfiguration"] == {"Enabled": False}


def test_service_connect_names_its_namespace_by_arn() -> None:
    connect = properties(full_plan(), "ApiService")["ServiceConnectConfiguration"]
    assert connect["Namespace"] == {"Fn::GetAtt": ["ConnectNamespace", "Arn"]}
    assert connect["Services"][0]["ClientAliases"] == [{"DnsName": "api", "Port": 3000}]
    assert "Timeout" not in connect["Services"][0]
    assert "ConnectNamespace" not in resources(emit(full_plan("development")))


def test_a_proxy_that_speaks_http_cuts_no_request_off() -> None:
    plan = full_plan()
    api, web = plan.workloads
    assert isinstance(api, Service)
    (only,) = api.task.containers
    spoken = replace(only, ports=(replace(only.ports[0], app_protocol="http"),))
    changed = replace(api, task=replace(api.task, containers=(spoken,)))
    connect = properties(replace(plan, workloads=(changed, web)), "ApiService")["ServiceConnectConfiguration"]
    assert connect["Services"][0]["Timeout"] == {"PerRequestTimeoutSeconds": 0}


def test_a_service_registers_addresses_and_an_alias_points_to_a_name() -> None:
    made = resources(emit(full_plan()))
    assert made["ApiRegistry"]["Properties"]["DnsConfig"]["DnsRecords"][0]["Type"] == "A"
    alias = made["PostgresAlias"]["Properties"]
    assert (alias["DnsConfig"]["RoutingPolicy"], alias["DnsConfig"]["DnsRecords"][0]["Type"]) == ("WEIGHTED", "CNAME")
    assert not {"HealthCheckConfig", "HealthCheckCustomConfig"} & alias.keys()
    assert made["PostgresAliasInstance"]["Properties"]["InstanceAttributes"] == {
        "AWS_INSTANCE_CNAME": {"Fn::ImportValue": "shop-base-PostgresCluster-Endpoint-Address"}
    }


def test_a_family_keeps_to_the_letters_that_ecs_takes() -> None:
    odd = service("web.v2", Task(service="web.v2", cpu=256, memory=512, containers=(container("web"),)))
    made = resources(emit(bare_plan(workloads=(odd,))))
    families = [body["Properties"]["Family"] for body in made.values() if body["Type"] == "AWS::ECS::TaskDefinition"]
    assert families[0].startswith("shop-web-v2-")


def test_a_job_runs_again_for_each_revision_and_its_dependants_wait() -> None:
    made = resources(emit(wide_plan()))
    migrate = made["MigrateJob"]
    assert migrate["Type"] == "AWS::CloudFormation::CustomResource"
    assert migrate["Properties"]["TaskDefinition"] == {"Ref": "MigrateTaskDefinition"}
    assert migrate["Properties"]["ServiceTimeout"] == 1920
    assert {"JobRunnerInvocationPolicy", "MigratePermissionJob"} <= set(migrate["DependsOn"])
    assert "MigrateJob" in made["VaultService"]["DependsOn"]


@pytest.mark.parametrize(("timeout", "expected"), [(60, 180), (3600, 3600), (9999, 3600)])
def test_cloudformation_waits_longer_than_the_function(timeout: int, expected: int) -> None:
    made = properties(bare_plan(workloads=(job(timeout=timeout),)), "MigrateJob")
    assert made["ServiceTimeout"] == expected > made["Timeout"]


def test_jobs_share_one_function_and_bring_their_own_rights() -> None:
    made = resources(emit(bare_plan(workloads=(job("first"), job("second")))))
    assert [name for name, body in made.items() if body["Type"] == "AWS::Lambda::Function"] == ["JobRunnerFunction"]
    run, hand_over = made["FirstPermissionJob"]["Properties"]["PolicyDocument"]["Statement"]
    assert run["Resource"] == {"Ref": "FirstTaskDefinition"}
    assert run["Condition"]["ArnEquals"]["ecs:cluster"] == {"Fn::GetAtt": ["ServiceCluster", "Arn"]}
    assert hand_over["Condition"]["StringEquals"]["iam:PassedToService"] == "ecs-tasks.amazonaws.com"


def test_a_call_of_the_function_that_is_lost_is_kept() -> None:
    made = resources(emit(bare_plan(workloads=(job("first"),))))
    queue = {"Fn::GetAtt": ["JobRunnerLostCalls", "Arn"]}
    assert made["JobRunnerFunction"]["Properties"]["DeadLetterConfig"] == {"TargetArn": queue}
    statements = made["JobRunnerRole"]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    assert [s["Resource"] for s in statements if s["Action"] == "sqs:SendMessage"] == [queue]
    key = made["JobRunnerLostCalls"]["Properties"]["KmsMasterKeyId"]
    assert key in [s["Resource"] for s in statements if "kms:GenerateDataKey" in s["Action"]]


def test_no_function_stands_where_no_job_needs_it() -> None:
    made = resources(emit(bare_plan(workloads=(job("nightly", schedule="rate(1 day)"),))))
    assert not any(name.startswith("JobRunner") for name in made)
    assert made["NightlySchedule"]["Properties"]["FlexibleTimeWindow"] == {"Mode": "OFF"}
    assert made["NightlySchedule"]["Properties"]["ScheduleExpression"] == "rate(1 day)"
    assert made["NightlyScheduleRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"][0]["Condition"]
