"""How the graph becomes stacks: places, exports and imports, parameters, limits, shards."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from troposphere import GetAtt, Ref, Sub, ec2, sns

from compose2aws.cloudformation import GraphError, LimitError, emit, stack_prefix
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.linker import link
from compose2aws.cloudformation.reference import Reference, references, replaced
from compose2aws.planning.model import EnvironmentVariable, Parameter, Plan, SecurityGroup, StoredSecret, Task, named
from compose2aws.planning.text import Hole, Text

from .plans import aurora, bare_plan, container, full_plan, group_of, service, stored
from .test_templates import resources, values
from .wide_plans import job, wide_plan

DATABASE_GROUP = SecurityGroup(group_of("postgres"), "postgres itself", open_egress=False)


def topic(name: str, **properties: Any) -> sns.Topic:
    """Something of the app."""
    return sns.Topic(name, **properties)


def filled(*added: Any) -> Graph:
    graph = Graph()
    for resource in added:
        graph.add(resource)
    return graph


def test_a_reference_out_of_the_app_becomes_an_export_and_an_import() -> None:
    vpc = ec2.VPC("Net", CidrBlock="10.0.0.0/16")
    base, app = link(filled(vpc, topic("News", DisplayName=GetAtt("Net", "DefaultSecurityGroup"))), bare_plan())
    assert base.template["Outputs"] == {
        "NetDefaultSecurityGroup": {
            "Value": {"Fn::GetAtt": ["Net", "DefaultSecurityGroup"]},
            "Export": {"Name": "shop-base-Net-DefaultSecurityGroup"},
        }
    }
    assert app.template["Resources"]["News"]["Properties"] == {
        "DisplayName": {"Fn::ImportValue": "shop-base-Net-DefaultSecurityGroup"}
    }
    assert app.depends_on == ("shop-base",)


def test_a_substitution_out_of_the_app_imports_through_a_variable() -> None:
    vpc = ec2.VPC("Net", CidrBlock="10.0.0.0/16")
    text = Sub("${AWS::Region} ${Net} ${Net.CidrBlock} ${!Net} ${News2.TopicName}")
    _, app = link(filled(vpc, topic("News2"), topic("News", DisplayName=text)), bare_plan())
    assert app.template["Resources"]["News"]["Properties"]["DisplayName"] == {
        "Fn::Sub": [
            "${AWS::Region} ${Net} ${NetCidrBlock} ${!Net} ${News2.TopicName}",
            {
                "Net": {"Fn::ImportValue": "shop-base-Net"},
                "NetCidrBlock": {"Fn::ImportValue": "shop-base-Net-CidrBlock"},
            },
        ]
    }


def test_the_base_never_waits_for_the_app() -> None:
    news = topic("News")
    with pytest.raises(GraphError, match="News"):
        link(filled(news, ec2.VPC("Net", CidrBlock=Ref("News"))), bare_plan())
    with pytest.raises(GraphError, match="Net"):
        link(filled(news, ec2.VPC("Net", CidrBlock="10.0.0.0/16", DependsOn="News")), bare_plan())


def test_only_dependencies_that_nothing_else_says_are_kept() -> None:
    vpc = ec2.VPC("Net", CidrBlock="10.0.0.0/16")
    last = topic("Last", DisplayName=Ref("First"), DependsOn=["Net", "First", "Middle", "Middle"])
    _, app = link(filled(vpc, topic("First"), topic("Middle"), last), bare_plan())
    assert app.template["Resources"]["Last"]["DependsOn"] == ["Middle"]


def test_what_nothing_makes_cannot_be_referred_to() -> None:
    with pytest.raises(GraphError, match="Nowhere"):
        link(filled(topic("News", DisplayName=Ref("Nowhere"))), bare_plan())
    with pytest.raises(GraphError, match="Nowhere"):
        link(filled(topic("News", DependsOn="Nowhere")), bare_plan())


def test_an_id_stands_for_one_thing() -> None:
    with pytest.raises(GraphError, match="News"):
        filled(topic("News"), topic("News"))
    graph = filled(topic("News"))
    graph.declare(Parameter("News", "variable:NEWS", "news"))
    with pytest.raises(GraphError, match="News"):
        link(graph, bare_plan())


def test_a_parameter_is_declared_in_each_stack_that_uses_it() -> None:
    graph = filled(ec2.VPC("Net", CidrBlock=Ref("Block")), topic("News", DisplayName=Ref("Block")))
    for name in ("Block", "Unused"):
        graph.declare(Parameter(name, f"variable:{name.upper()}", name, default="10.0.0.0/16"))
    base, app = link(graph, bare_plan())
    assert (
        base.template["Parameters"]
        == app.template["Parameters"]
        == {"Block": {"Type": "String", "Description": "Block", "Default": "10.0.0.0/16"}}
    )


def test_a_secret_parameter_is_no_echo_and_must_be_something() -> None:
    parameters = emit(full_plan()).stacks[1].template["Parameters"]
    assert parameters["JwtSecret"] == {
        "Type": "String",
        "Description": "JWT_SECRET of api",
        "NoEcho": True,
        "MinLength": 1,
    }
    assert parameters["SmtpPassword"]["Default"] == ""
    assert "MinLength" not in parameters["SmtpPassword"]
    assert parameters["HostedZoneId"]["Type"] == "AWS::Route53::HostedZone::Id"


def test_the_plans_word_on_a_parameter_goes_before_our_own() -> None:
    said = Parameter("PostgresEngineVersion", "engine:postgres", "In the plan's words", default="16.9")
    base = emit(bare_plan(managed=(aurora(),), parameters=(said,), security_groups=(DATABASE_GROUP,))).stacks[0]
    assert base.template["Parameters"]["PostgresEngineVersion"]["Default"] == "16.9"


@pytest.mark.parametrize(
    ("project", "expected"), [("shop", "shop"), ("my-shop", "my-shop"), ("my_shop", "my-shop-6c8c0c21")]
)
def test_stacks_have_legal_names(project: str, expected: str) -> None:
    assert stack_prefix(project) == expected


def test_names_of_stacks_stay_apart_and_within_their_length() -> None:
    projects = ("my_shop", "my-shop", "9lives", "p9lives", "x" * 100, "x" * 101, "x" * 200)
    prefixes = {stack_prefix(project) for project in projects}
    assert len(prefixes) == len(projects)
    assert all(prefix[0].isalpha() and len(prefix) <= 110 for prefix in prefixes)


def test_references_are_found_in_every_form() -> None:
    value = [
        {"Ref": "A"},
        {"Fn::GetAtt": "B.C.D"},
        {"Fn::GetAtt": ["E", "F"]},
        {"Fn::Sub": ["${G}${x}", {"x": {"Ref": "H"}}]},
    ]
    assert set(references(value)) == {
        Reference("A", None),
        Reference("B", "C.D"),
        Reference("E", "F"),
        Reference("G", None),
        Reference("H", None),
    }
    assert list(references({"Ref": "AWS::Region"})) == []
    assert replaced({"a": [{"Ref": "A"}]}, lambda found: found.name.lower()) == {"a": ["a"]}


def crowd(count: int, *more: Any) -> Plan:
    workloads = tuple(service(f"worker{number}") for number in range(count))
    return bare_plan(workloads=(*workloads, *more))


def owners(plan: Plan) -> dict[str, str]:
    """The key of the stack of each service."""
    return {
        name: stack.key
        for stack in emit(plan).stacks
        for name, body in stack.template["Resources"].items()
        if body["Type"] == "AWS::ECS::Service"
    }


def test_an_app_that_is_too_large_is_split_by_workload() -> None:
    templates = emit(crowd(150))
    assert len(templates.stacks) > 2
    made = resources(templates)
    assert sum(len(stack.template["Resources"]) for stack in templates.stacks) == len(made)
    for stack in templates.stacks:
        assert len(stack.template["Resources"]) <= 500
        names = set(stack.template["Resources"])
        for name in names:
            if name.startswith("Worker") and name.endswith("TaskDefinition"):
                assert name.replace("TaskDefinition", "Service") in names
        if stack.key.startswith("app-"):
            assert stack.depends_on == ("shop-base", "shop-app")
    assert resources(templates)["Worker1Service"]["Properties"]["Cluster"] in (
        {"Ref": "ServiceCluster"},
        {"Fn::ImportValue": "shop-app-ServiceCluster"},
    )


def test_another_workload_moves_none_until_a_stack_overflows() -> None:
    before = owners(crowd(150))
    after = owners(crowd(150, service("newcomer")))
    assert {name: after[name] for name in before} == before


def test_only_the_stack_that_overflows_splits() -> None:
    before, after = owners(crowd(180)), owners(crowd(400))
    moved = {name for name in before if before[name] != after[name]}
    assert moved
    for name in moved:
        assert after[name] not in before.values()


def test_a_job_and_what_waits_for_it_share_a_stack() -> None:
    migrate = job()
    waiting = tuple(service(f"waiting{number}", depends_on=(migrate.id,)) for number in range(5))
    placed = owners(crowd(150, migrate, *waiting))
    assert len({placed[name] for name in placed if name.startswith("Waiting")}) == 1


def test_dynamic_references_split_an_app_too() -> None:
    def reader(number: int) -> Any:
        secret = stored(f"url-{number}")
        variable = EnvironmentVariable("URL", Text.of(Hole("password", "postgres")), secret=secret)
        only = container(f"reader{number}", environment=(variable,))
        return service(f"reader{number}", Task(f"reader{number}", 256, 512, (only,)))

    secrets = tuple(
        StoredSecret(stored(f"url-{number}"), Text.of(Hole("password", "postgres"), f"/{number}"), "url")
        for number in range(70)
    )
    groups = (*bare_plan().security_groups, DATABASE_GROUP)
    readers = tuple(map(reader, range(70)))
    plan = bare_plan(managed=(aurora(),), secrets=secrets, workloads=readers, security_groups=groups)
    stacks = emit(plan).stacks
    counts = [str(stack.template).count("{{resolve:") for stack in stacks]
    assert len(stacks) > 2
    assert sum(counts) == 71
    assert max(counts) <= 60


def test_what_cannot_be_split_is_refused_with_its_limit() -> None:
    groups = tuple(
        replace(bare_plan().security_groups[0], id=named("AWS::EC2::SecurityGroup", f"net{number}", "SecurityGroup"))
        for number in range(500)
    )
    with pytest.raises(LimitError, match=r"shop-base has \d+ resources; .* make two projects of the compose file"):
        emit(bare_plan(security_groups=groups))


def test_a_task_definition_that_ecs_would_not_take_is_refused() -> None:
    variable = EnvironmentVariable("BIG", Text.of("x" * 70_000))
    only = container("big", environment=(variable,))
    with pytest.raises(LimitError, match=r"BigTaskDefinition has 7\d+ bytes; ECS takes 65536"):
        emit(bare_plan(workloads=(service("big", Task("big", 256, 512, (only,))),)))


def test_every_resource_says_where_it_comes_from() -> None:
    for plan in (full_plan(), wide_plan()):
        for name, body in resources(emit(plan)).items():
            if body["Type"] in ("AWS::ECS::Service", "AWS::ECS::TaskDefinition", "AWS::RDS::DBCluster"):
                assert body["Metadata"]["compose2aws"]["source"].startswith("services."), name


def test_skipped_checks_have_their_reasons() -> None:
    for plan in (full_plan(), wide_plan()):
        for skips in values(resources(emit(plan)), "skip"):
            assert all(skip["id"].startswith("CKV") and len(skip["comment"]) > 20 for skip in skips)
