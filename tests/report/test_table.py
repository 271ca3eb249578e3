"""The table says, in the author's own words, what each part is on AWS and how it works there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from compose2aws.compose.project import Project
from compose2aws.planning.model import (
    AuroraCluster,
    EnvironmentVariable,
    ExistingNetwork,
    Job,
    ListenerRule,
    Plan,
    PublicUrl,
    Service,
)
from compose2aws.planning.text import Hole, Text
from compose2aws.report.table import HEADER, Row, groups, rows


@pytest.fixture
def table(plan: Plan, project: Project) -> dict[str, Row]:
    return {row.local: row for row in rows(plan, project)}


def test_a_published_port_tells_its_url_and_the_containers_port(table: dict[str, Row]) -> None:
    row = table['`ports: "3001:3000"`']
    assert row.aws == "Application Load Balancer"
    assert row.how == "listens on https://api.example.com (443), forwards to the container's 3000 (api) inside the VPC"


def test_without_a_domain_the_balancers_name_stands_in_the_url(plan: Plan, project: Project) -> None:
    balancer = plan.balancers[0]
    group = balancer.target_groups[0]
    listener = replace(balancer.listeners[0], port=3001, protocol="HTTP", default=group.id)
    bare = replace(balancer, listeners=(listener,), rules=())
    plan = replace(plan, balancers=(bare,), urls=(PublicUrl("api", "http", None, 3001),))
    told = next(row for row in rows(plan, project) if row.aws == "Application Load Balancer")
    assert "http://(balancer):3001, forwards" in told.how


def test_two_paths_of_one_host_have_each_their_own_url(plan: Plan, project: Project) -> None:
    balancer = plan.balancers[0]

    def under(rule: ListenerRule, path: str) -> ListenerRule:
        return replace(rule, hosts=("example.com",), paths=(path, f"{path}/*"))

    ruled = replace(balancer, rules=(under(balancer.rules[0], "/api"), under(balancer.rules[1], "/web")))
    urls = tuple(PublicUrl(name, "https", "example.com", 443, f"/{name}") for name in ("api", "web"))
    told = [
        r.how for r in rows(replace(plan, balancers=(ruled,), urls=urls), project) if r.aws.endswith("Load Balancer")
    ]
    assert ["https://example.com/api (443)" in told[0], "https://example.com/web (443)" in told[1]] == [True, True]


def test_a_port_that_stays_inside_says_why(table: dict[str, Row]) -> None:
    row = table['`ports: "127.0.0.1:9229:9229"`']
    assert (row.aws, row.how) == ("not public", "published on 127.0.0.1 only, so it stays inside")


def test_sizes_are_told_once_for_all_services_that_have_them(table: dict[str, Row]) -> None:
    row = table["`docker-compose.yml`"]
    assert row.aws == "ECS task definitions"
    assert row.how.startswith("2 services: run this image with this much CPU and memory. ")
    assert row.how.endswith("0.5 vCPU, 1 GB: api (2 copies); 0.25 vCPU, 512 MB: web")


def test_what_the_internet_does_not_reach_is_told_apart(plan: Plan, project: Project) -> None:
    told = {group.heading: group.rows for group in groups(plan, project, brief=False)}
    assert "worker" in told["Private services and workers"][0].how
    assert "worker" not in str(told["Public services"])


def test_without_a_public_service_the_file_is_named_all_the_same(plan: Plan, project: Project) -> None:
    private = tuple(w for w in plan.workloads if not (isinstance(w, Service) and w.targets))
    told = groups(replace(plan, workloads=private, balancers=()), project, brief=False)
    first = next(group for group in told if group.heading == "Private services and workers").rows[0]
    assert first.local == "`docker-compose.yml`"


def test_a_managed_database_tells_version_capacity_and_backups(table: dict[str, Row]) -> None:
    row = table["`postgres` container"]
    assert row.aws == "Aurora PostgreSQL (RDS)"
    assert "version 16.9, serverless, 0.5 to 16 ACU, writer and reader in two zones; backups kept 14 days" in row.how


def test_a_volume_of_a_database_goes_with_it_and_another_becomes_a_file_system(table: dict[str, Row]) -> None:
    assert table["`volumes: postgres_data`"].aws == "storage of Aurora PostgreSQL (RDS)"
    assert table["`volumes: uploads`"].aws == "EFS"


def test_a_mounted_file_is_named_as_its_author_wrote_it(table: dict[str, Row]) -> None:
    assert table["mounts: `./settings.json`"].aws == "in the image (ECR)"


def test_networks_tell_their_members(table: dict[str, Row]) -> None:
    assert table["`networks:` inner, outer"].how.endswith("outer: web")


def test_a_vpc_of_ones_own_is_named(plan: Plan, project: Project) -> None:
    told = rows(replace(plan, network=ExistingNetwork("vpc-1", ("subnet-1",), ("subnet-2",))), project)
    assert any("your own VPC vpc-1" in row.how for row in told)


def test_a_rewritten_connection_is_told_once_for_all_that_use_it(table: dict[str, Row]) -> None:
    row = table["`DATABASE_URL` of api, worker"]
    assert row.aws == "Secrets Manager"
    assert "`postgresql://{user of postgres}:{password of postgres}@{host of postgres}:5432/shop`" in row.how


def test_variables_that_are_one_fact_of_a_database_are_told_together(table: dict[str, Row]) -> None:
    row = table["`DB_HOST`, `DB_PASSWORD` of worker"]
    assert row.aws == "Secrets Manager, task definition"
    assert row.how == "the same variables, with the host, password of Aurora PostgreSQL (RDS) for postgres"


def test_secrets_are_named_and_never_shown(plan: Plan, project: Project, table: dict[str, Row]) -> None:
    assert "from your environment" in table["`JWT_SECRET`"].how
    assert "from the compose file" in table["`API_TOKEN`"].how
    assert "hunter2" not in str(rows(plan, project))


def test_an_image_that_is_built_and_one_that_gets_its_mounted_files_are_told_apart(table: dict[str, Row]) -> None:
    assert table["`build:` of api"].aws == "1 ECR repository"
    assert "mounted files" in table["`image:` of web"].how


def test_an_image_that_is_only_kept_in_a_repository_of_ours_has_no_mounted_files(plan: Plan, project: Project) -> None:
    kept = tuple(replace(one, target=replace(one.target, dockerfile_inline="FROM base\n")) for one in plan.images)
    (row,) = [row for row in rows(replace(plan, images=kept), project) if row.local == "`image:` of web"]
    assert "mounted" not in row.how
    assert "repository of the project" in row.how


def test_a_service_that_is_not_started_says_how_it_would_be(table: dict[str, Row]) -> None:
    assert "`--profile debug`" in table["`debugger`, `profiler` containers"].how


def test_thirty_services_of_one_size_take_one_row(plan: Plan, project: Project) -> None:
    pattern = plan.workloads[1]
    assert isinstance(pattern, Service)
    many = tuple(replace(pattern, name=f"s{n}", targets=()) for n in range(30))
    told = rows(replace(plan, workloads=many), project)
    assert sum("task definition" in row.aws for row in told) == 1


def test_ports_of_many_services_take_one_row_where_it_is_short(plan: Plan, project: Project) -> None:
    balancer = plan.balancers[0]
    rules = tuple(replace(balancer.rules[n % 2], hosts=(f"h{n}.example.com",)) for n in range(10))
    many = replace(plan, balancers=(replace(balancer, rules=rules),))
    told = {brief: [r for g in groups(many, project, brief=brief) for r in g.rows] for brief in (True, False)}
    ways = {brief: [r for r in rows if r.aws.endswith("Load Balancer")] for brief, rows in told.items()}
    assert (len(ways[True]), len(ways[False])) == (1, 10)
    assert all(f"h{n}.example.com" in ways[True][0].how for n in range(10))


def test_services_that_become_the_same_take_one_row(plan: Plan, project: Project) -> None:
    first = plan.managed[0]
    assert isinstance(first, AuroraCluster)
    many = replace(plan, managed=tuple(replace(first, service=f"db{n}") for n in range(3)))
    row = next(r for r in rows(many, project) if r.aws == "Aurora PostgreSQL (RDS)")
    assert row.local == "`db0`, `db1`, `db2` containers"
    assert row.how.startswith("each managed: ")


def test_a_variable_of_ours_in_a_command_is_told_as_the_command(plan: Plan, project: Project) -> None:
    worker = plan.workloads[2]
    assert isinstance(worker, Service)
    told = EnvironmentVariable("COMPOSE2AWS_REDIS_HOST", Text.of(Hole("host", "redis")))
    container = replace(worker.task.containers[0], environment=(told,))
    worker = replace(worker, task=replace(worker.task, containers=(container,)))
    shown = {row.local: row for row in rows(replace(plan, workloads=(worker,)), project)}
    assert "the address of ElastiCache for redis" in shown["commands of worker"].how
    assert "COMPOSE2AWS" not in str(shown)


def test_a_job_that_prepares_a_database_is_not_told_as_one_of_the_authors(plan: Plan, project: Project) -> None:
    job = next(w for w in plan.workloads if isinstance(w, Job))
    told = EnvironmentVariable("PGHOST", Text.of(Hole("host", "postgres")))
    container = replace(job.task.containers[0], environment=(told,))
    own = replace(job, name="postgres/init", once_for=plan.managed[0].security_group)
    own = replace(own, task=replace(job.task, containers=(container,)))
    shown = str(rows(replace(plan, workloads=(*plan.workloads, own)), project))
    assert "init scripts of `postgres`" in shown
    assert "PGHOST" not in shown


def test_an_empty_project_has_a_table(project: Project, plan: Plan) -> None:
    empty = Plan("shop", "production", (), plan.network, "shop.internal", 7)
    assert next(row.aws for row in rows(empty, replace(project, inactive=()))) == "VPC, security groups"
    assert list(HEADER) == ["local (Docker)", "AWS", "how it works"]
