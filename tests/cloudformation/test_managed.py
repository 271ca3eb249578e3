"""Databases and caches: what they are made of, and what fills the holes of texts that name them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, TypeAlias

import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from compose2aws.cloudformation import GraphError, emit
from compose2aws.cloudformation.expression import Expression
from compose2aws.cloudformation.managed import managed_fact, text_expression
from compose2aws.planning.model import (
    AuroraCluster,
    DatabaseInstance,
    DocumentCluster,
    Managed,
    MessageBroker,
    Parameter,
    Plan,
    ReplicationGroup,
    SearchDomain,
    SecurityGroup,
    StoredSecret,
    Tier,
)
from compose2aws.planning.text import Fact, Hole, Text
from tests.golden_cases import GOLDEN, read_plan

from .plans import aurora, bare_plan, cache, full_plan, group_of, stored
from .test_templates import resources
from .wide_plans import guest_plan, maria, memcached, mongo, rabbit, search, wide_plan

WithLogin: TypeAlias = (
    AuroraCluster | DatabaseInstance | DocumentCluster | MessageBroker | ReplicationGroup | SearchDomain
)


def plainly(expression: Expression) -> Any:
    return expression.to_dict() if hasattr(expression, "to_dict") else expression


def properties(plan: Plan, name: str) -> dict[str, Any]:
    body: dict[str, Any] = resources(emit(plan))[name]["Properties"]
    return body


def test_a_paused_cluster_begins_at_zero_capacity() -> None:
    development = properties(full_plan("development"), "PostgresCluster")
    assert development["ServerlessV2ScalingConfiguration"] == {
        "MinCapacity": 0,
        "MaxCapacity": 2,
        "SecondsUntilAutoPause": 300,
    }
    production = properties(full_plan("production"), "PostgresCluster")
    assert "SecondsUntilAutoPause" not in production["ServerlessV2ScalingConfiguration"]


def test_members_carry_neither_version_nor_parameters() -> None:
    for name in ("PostgresWriter", "PostgresReader"):
        member = properties(full_plan(), name)
        assert not {"EngineVersion", "DBParameterGroupName"} & member.keys()
        assert member["PubliclyAccessible"] is False


def test_versions_are_parameters_of_the_base() -> None:
    base = emit(full_plan()).stacks[0]
    assert base.template["Parameters"]["PostgresEngineVersion"]["Default"] == "16.8"
    assert properties(full_plan(), "RedisReplicationGroup")["EngineVersion"] == {"Ref": "RedisEngineVersion"}


def test_deletion_protection_is_off_at_first_and_a_parameter_in_production() -> None:
    base = emit(full_plan("production")).stacks[0].template
    assert base["Parameters"]["DeletionProtection"]["Default"] == "false"
    assert properties(full_plan("production"), "PostgresCluster")["DeletionProtection"] == {"Ref": "DeletionProtection"}
    assert properties(full_plan("development"), "PostgresCluster")["DeletionProtection"] is False
    assert "DeletionProtection" not in emit(full_plan("development")).stacks[0].template["Parameters"]


@pytest.mark.parametrize(
    "name", ["PostgresCluster", "MongoCluster", "MariaInstance", "RedisReplicationGroup", "ElasticFileSystem"]
)
def test_data_is_encrypted_under_the_projects_key(name: str) -> None:
    made = resources(emit(full_plan())) | resources(emit(wide_plan()))
    assert made[name]["Properties"]["KmsKeyId"] == {"Fn::GetAtt": ["EncryptionKey", "Arn"]}


def test_a_login_is_generated_without_name_and_user() -> None:
    login = properties(full_plan(), "PostgresMasterLogin")
    assert login["GenerateSecretString"] == {
        "ExcludePunctuation": True,
        "GenerateStringKey": "password",
        "PasswordLength": 32,
        "SecretStringTemplate": "{}",
    }
    assert "Name" not in login


def test_the_master_password_is_read_when_the_cluster_is_made() -> None:
    assert properties(full_plan(), "PostgresCluster")["MasterUserPassword"] == {
        "Fn::Join": [
            "",
            ["{{resolve:secretsmanager:", {"Ref": "PostgresMasterLogin"}, ":SecretString:password}}"],
        ]
    }


def test_a_restored_cluster_takes_user_and_database_from_its_snapshot() -> None:
    cluster = properties(guest_plan(), "PostgresCluster")
    assert cluster["SnapshotIdentifier"].endswith(":before")
    assert not {"MasterUsername", "DatabaseName"} & cluster.keys()
    assert "MasterUserPassword" in cluster


def test_a_cache_admits_plain_text_beside_tls() -> None:
    group = properties(full_plan(), "RedisReplicationGroup")
    assert (group["TransitEncryptionEnabled"], group["TransitEncryptionMode"]) == (True, "preferred")
    assert "AuthToken" not in group


def test_a_cache_of_one_node_has_nothing_to_fail_over_to() -> None:
    one, two = (properties(full_plan(tier), "RedisReplicationGroup") for tier in ("development", "production"))
    assert (one["AutomaticFailoverEnabled"], one["MultiAZEnabled"], one["NumCacheClusters"]) == (False, False, 1)
    assert (two["AutomaticFailoverEnabled"], two["MultiAZEnabled"], two["NumCacheClusters"]) == (True, True, 2)


def test_a_cache_with_a_password_reads_it_from_its_login() -> None:
    made = resources(emit(wide_plan()))
    assert made["RedisReplicationGroup"]["Properties"]["AuthToken"]["Fn::Join"][1][1] == {"Ref": "RedisMasterLogin"}
    assert "checkov" not in made["RedisReplicationGroup"]["Metadata"]


def test_the_second_documentdb_instance_waits_for_the_first() -> None:
    made = resources(emit(wide_plan()))
    assert made["MongoReader"]["DependsOn"] == ["MongoWriter"]
    assert "MongoReader" not in resources(emit(wide_plan("development")))


@pytest.mark.parametrize(
    ("item", "fact", "expected"),
    [
        (aurora(), "host", {"Fn::GetAtt": ["PostgresCluster", "Endpoint.Address"]}),
        (aurora(), "reader-host", {"Fn::GetAtt": ["PostgresCluster", "ReadEndpoint.Address"]}),
        (aurora("development"), "reader-host", {"Fn::GetAtt": ["PostgresCluster", "Endpoint.Address"]}),
        (aurora(), "port", "5432"),
        (aurora(), "user", "postgres"),
        (aurora(), "database", "app"),
        (cache(), "host", {"Fn::GetAtt": ["RedisReplicationGroup", "PrimaryEndPoint.Address"]}),
        (cache(), "reader-host", {"Fn::GetAtt": ["RedisReplicationGroup", "ReaderEndPoint.Address"]}),
        (cache(), "port", "6379"),
        (maria(), "host", {"Fn::GetAtt": ["MariaInstance", "Endpoint.Address"]}),
        (maria(), "database", "blog"),
        (mongo(), "host", {"Fn::GetAtt": ["MongoCluster", "Endpoint"]}),
        (mongo(), "reader-host", {"Fn::GetAtt": ["MongoCluster", "ReadEndpoint"]}),
        (memcached(), "host", {"Fn::GetAtt": ["MemoryCluster", "ConfigurationEndpoint.Address"]}),
        (memcached(), "port", "11211"),
        (memcached(), "password", ""),
        (rabbit(), "port", "5671"),
        (rabbit(), "user", "guest_app"),
        (rabbit(), "database", "/"),
        (search(), "host", {"Fn::GetAtt": ["SearchDomain", "DomainEndpoint"]}),
        (search(), "port", "443"),
        (search(), "user", "admin"),
        (search(secured=False), "user", ""),
        (search(secured=False), "password", ""),
    ],
)
def test_facts_fill_holes(item: Managed, fact: Fact, expected: Any) -> None:
    assert plainly(managed_fact(item, fact)) == expected


@pytest.mark.parametrize(
    "item", [aurora(), cache(), maria(), mongo(), rabbit(), search()], ids=lambda item: item.service
)
def test_the_password_of_each_family_is_a_reference_to_its_login(item: WithLogin) -> None:
    pieces = plainly(managed_fact(item, "password"))["Fn::Join"][1]
    assert pieces == ["{{resolve:secretsmanager:", {"Ref": item.login.logical_id}, ":SecretString:password}}"]


def test_a_brokers_host_is_cut_out_of_its_endpoint_in_every_stack() -> None:
    endpoints = {"Fn::GetAtt": ["RabbitBroker", "AmqpEndpoints"]}
    host = plainly(managed_fact(rabbit(), "host"))
    assert host["Fn::Select"][1]["Fn::Split"][1]["Fn::Select"][1]["Fn::Split"][1] == {"Fn::Select": [0, endpoints]}
    made = emit(wide_plan())
    # an export is a text, so the list is joined there and split again here
    outputs = made.stacks[0].template["Outputs"]
    assert outputs["RabbitBrokerAmqpEndpoints"]["Value"] == {"Fn::Join": [",", endpoints]}
    pieces = resources(made)[stored("amqp-url").logical_id]["Properties"]["SecretString"]["Fn::Join"][1]
    imported = {"Fn::Split": [",", {"Fn::ImportValue": "shop-base-RabbitBroker-AmqpEndpoints"}]}
    assert pieces[3]["Fn::Select"][1]["Fn::Split"][1]["Fn::Select"][1]["Fn::Split"][1] == {"Fn::Select": [0, imported]}


@pytest.mark.parametrize("tier", ["development", "production"])
def test_a_broker_stands_in_one_zone_in_every_tier(tier: Tier) -> None:
    broker = resources(emit(wide_plan(tier)))["RabbitBroker"]
    assert broker["DeletionPolicy"] == "RetainExceptOnCreate"
    assert broker["Properties"]["DeploymentMode"] == "SINGLE_INSTANCE"
    assert len(broker["Properties"]["SubnetIds"]) == 1
    assert broker["Properties"]["PubliclyAccessible"] is False
    assert broker["Properties"]["AutoMinorVersionUpgrade"] is True


def test_nothing_is_kept_of_memcached() -> None:
    cluster = resources(emit(wide_plan()))["MemoryCluster"]
    assert cluster["DeletionPolicy"] == cluster["UpdateReplacePolicy"] == "Delete"
    assert (cluster["Properties"]["NumCacheNodes"], cluster["Properties"]["TransitEncryptionEnabled"]) == (1, False)


def test_a_domain_is_upgraded_where_it_stands() -> None:
    domain = resources(emit(wide_plan()))["SearchDomain"]
    # without it CloudFormation makes a new, empty one
    assert domain["UpdatePolicy"] == {"EnableVersionUpgrade": True}
    assert domain["DeletionPolicy"] == "RetainExceptOnCreate"
    assert domain["DependsOn"] == ["SearchLogPolicy"]


@pytest.mark.parametrize(
    "name",
    ["MemoryCluster", "MongoCluster", "RabbitBroker", "RedisReplicationGroup", "SearchDomain"],
)
def test_no_tier_changes_what_only_creation_sets(name: str) -> None:
    small, large = (resources(emit(wide_plan(tier)))[name] for tier in ("development", "production"))
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", small["Type"]).schema
    pointers = [*schema["createOnlyProperties"], *schema.get("conditionalCreateOnlyProperties", [])]
    for pointer in pointers:
        steps = pointer.split("/")[2:]
        assert found(small["Properties"], steps) == found(large["Properties"], steps), pointer


# What the schema of an RDS instance calls conditionally create-only and RDS changes in place (`ModifyDBInstance`).
IN_PLACE = {f"/properties/{name}" for name in ("MultiAZ", "BackupRetentionPeriod", "PerformanceInsightsKMSKeyId")}


def test_a_tier_changes_of_mariadb_only_what_rds_changes_in_place() -> None:
    plans = (read_plan(GOLDEN / "alarms", tier) for tier in ("development", "production"))
    small, large = (resources(emit(plan))["LegacyInstance"] for plan in plans)
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", small["Type"]).schema
    pointers = {*schema["createOnlyProperties"], *schema["conditionalCreateOnlyProperties"]}
    values = {pointer: [found(i["Properties"], pointer.split("/")[2:]) for i in (small, large)] for pointer in pointers}
    assert {pointer for pointer, (one, other) in values.items() if one != other} == IN_PLACE
    assert small["Properties"]["AllocatedStorage"] == large["Properties"]["AllocatedStorage"]


def found(value: Any, steps: list[str]) -> Any:
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def test_a_domains_tiers_differ_in_what_changes_in_place() -> None:
    small, large = (resources(emit(wide_plan(t)))["SearchDomain"]["Properties"] for t in ("development", "production"))
    fixed = ("AdvancedSecurityOptions", "EncryptionAtRestOptions", "NodeToNodeEncryptionOptions", "AccessPolicies")
    assert [small[name] for name in fixed] == [large[name] for name in fixed]
    assert (len(small["VPCOptions"]["SubnetIds"]), len(large["VPCOptions"]["SubnetIds"])) == (1, 2)
    assert small["DomainEndpointOptions"]["EnforceHTTPS"] is True


def test_a_domains_password_has_characters_that_urls_take() -> None:
    made = resources(emit(wide_plan()))["SearchMasterLogin"]["Properties"]["GenerateSecretString"]
    assert "ExcludePunctuation" not in made
    assert not set("-._~") & set(made["ExcludeCharacters"])
    assert set("!\"#$%&'()*+,/:;<=>?@[\\]^`{|}") == set(made["ExcludeCharacters"])


def test_an_open_domain_has_no_login_and_nobody_to_audit() -> None:
    groups = (SecurityGroup(group_of("search"), "The domain", False),)
    made = resources(emit(bare_plan(managed=(search(secured=False),), security_groups=groups)))
    assert "SearchMasterLogin" not in made
    assert "AdvancedSecurityOptions" not in made["SearchDomain"]["Properties"]
    assert list(made["SearchDomain"]["Properties"]["LogPublishingOptions"]) == ["ES_APPLICATION_LOGS"]


def test_a_connection_string_is_one_flat_join_and_never_a_substitution() -> None:
    text = Text.of("pg://${user}:", Hole("password", "postgres"), "@", Hole("host", "postgres"), "/${x}")
    plan = bare_plan(managed=(aurora(),))
    assert plainly(text_expression(plan, text)) == {
        "Fn::Join": [
            "",
            [
                "pg://${user}:{{resolve:secretsmanager:",
                {"Ref": "PostgresMasterLogin"},
                ":SecretString:password}}@",
                {"Fn::GetAtt": ["PostgresCluster", "Endpoint.Address"]},
                "/${x}",
            ],
        ]
    }


def test_a_hole_that_nothing_fills_is_a_mistake_of_the_planner() -> None:
    with pytest.raises(GraphError, match="host of nowhere"):
        text_expression(bare_plan(), Text.of(Hole("host", "nowhere")))
    secret = StoredSecret(stored("lost"), Text.of(Hole("secret-parameter", "Lost")), "lost")
    with pytest.raises(GraphError, match="Lost"):
        emit(bare_plan(secrets=(secret,)))


def test_two_services_with_one_name_are_a_mistake_of_the_planner() -> None:
    with pytest.raises(GraphError, match="PostgresMasterLogin"):
        emit(bare_plan(managed=(aurora(), replace(aurora(), security_group=group_of("other")))))


@pytest.mark.parametrize("property_name", ["DatabaseName", "DBName"])
def test_a_database_that_a_parameter_names_is_made_where_it_is_given(property_name: str) -> None:
    item = aurora() if property_name == "DatabaseName" else maria()
    named = replace(item, database=None, database_parameter="Name")
    groups = (SecurityGroup(named.security_group, "The database", False),)
    parameter = Parameter("Name", "variable:NAME", "A name", default="")
    plan = bare_plan(managed=(named,), security_groups=groups, parameters=(parameter,))
    made = emit(plan)
    cluster = resources(made)[named.resources[0].logical_id]
    assert cluster["Properties"][property_name] == {"Fn::If": ["NameIsGiven", {"Ref": "Name"}, {"Ref": "AWS::NoValue"}]}
    (base,) = [stack.template for stack in made.stacks if "NameIsGiven" in stack.template.get("Conditions", {})]
    assert "Name" in base["Parameters"]
