"""Services, jobs and sidecars: what runs, how often, and after what."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.model import CapacityShare, Plan, Ulimit
from tests.planning.projects import (
    balancer,
    codes,
    container,
    decision,
    finding,
    job,
    outcome,
    planned,
    refused,
    service,
    task,
)


def one(folder: Path, body: str, tier: str | None = None) -> Plan:
    """The plan of a service `api`; `body` are lines of it."""
    return planned(folder, f"services:\n  api:\n    image: acme/api\n    {body}\nvolumes: {{data: }}\n", tier=tier)


# ── services ────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("body", "count"), [("deploy: {replicas: 3}", 3), ("scale: 2", 2), ("restart: always", 1)])
def test_replicas_are_tasks(tmp_path: Path, body: str, count: int) -> None:
    assert service(one(tmp_path, body), "api").desired == count


@pytest.mark.parametrize(
    ("body", "range_"),
    [
        ("restart: always", (100, 200)),
        ("deploy: {update_config: {order: start-first}}", (100, 200)),
        ("deploy: {update_config: {order: stop-first}}", (0, 100)),
        ("volumes: ['data:/data']", (0, 100)),
        ("volumes: ['data:/data:ro']", (100, 200)),
        ("volumes: ['data:/data']\n    deploy: {update_config: {order: start-first}}", (100, 200)),
    ],
)
def test_who_writes_a_volume_stops_before_it_starts(tmp_path: Path, body: str, range_: tuple[int, int]) -> None:
    made = one(tmp_path, body)
    api = service(made, "api")
    assert (api.minimum_healthy, api.maximum) == range_
    # AWS refuses rebalancing with a maximum of 100 %
    assert api.zone_rebalancing is (range_[1] > 100)
    assert ("stops-before-start" in codes(made)) is ("data:/data'" in body and range_ == (0, 100))


@pytest.mark.parametrize(
    ("body", "tier", "provider"),
    [
        ("restart: always", "production", "FARGATE"),
        ("restart: always", "development", "FARGATE_SPOT"),
        ("x-aws: {spot: true}", "production", "FARGATE_SPOT"),
        ("x-aws: {spot: false}", "development", "FARGATE"),
        ("volumes: ['data:/data']", "development", "FARGATE"),
    ],
)
def test_spot_is_developments_and_never_takes_a_writer_away(
    tmp_path: Path, body: str, tier: str, provider: str
) -> None:
    assert service(one(tmp_path, body, tier), "api").capacity == (CapacityShare(provider),)


def test_spot_that_is_asked_for_and_not_taken_is_told(tmp_path: Path) -> None:
    made = one(tmp_path, "volumes: ['data:/data']\n    x-aws: {spot: true}")
    assert service(made, "api").capacity == (CapacityShare("FARGATE"),)
    assert outcome(made, "services.api.x-aws.spot") == "adapted"
    assert outcome(one(tmp_path, "x-aws: {spot: true}"), "services.api.x-aws.spot") == "translated"


def test_autoscaling_follows_what_is_asked(tmp_path: Path) -> None:
    made = one(
        tmp_path, "ports: ['80:80']\n    x-aws: {autoscale: {min: 2, max: 9, cpu: 70, memory: 80, requests: 500}}"
    )
    scaling = service(made, "api").autoscaling
    assert scaling is not None
    assert (scaling.minimum, scaling.maximum, scaling.cpu, scaling.memory, scaling.requests) == (2, 9, 70, 80, 500)
    assert scaling.target_group == service(made, "api").targets[0].target_group
    scaling = service(one(tmp_path, "x-aws: {autoscale: {max: 4}}"), "api").autoscaling
    assert scaling is not None
    assert (scaling.minimum, scaling.maximum, scaling.cpu) == (1, 4, 60)


def test_scaling_by_requests_needs_a_balancer(tmp_path: Path) -> None:
    made = one(tmp_path, "x-aws: {autoscale: {max: 4, requests: 9}}")
    assert refused(made) == {"services.api.x-aws.autoscale": "autoscale-requests"}


def test_an_exec_session_needs_a_root_that_can_be_written(tmp_path: Path) -> None:
    assert task(one(tmp_path, "restart: always"), "api").exec
    assert not task(one(tmp_path, "read_only: true"), "api").exec


# ── depends_on ──────────────────────────────────────────────────────────────────────────────────────────────────────

DEPENDENCIES = """
services:
  api:
    image: acme/api
    depends_on:
      db: {condition: service_healthy}
      store: {condition: service_healthy}
      web: {condition: service_started}
      migrate: {condition: service_completed_successfully}
      nightly: {condition: service_completed_successfully}
      gone: {condition: service_started}
      optional: {condition: service_started, required: false}
  db: {image: postgres}
  store: {image: acme/store, healthcheck: {test: "true"}}
  web: {image: acme/web}
  migrate: {image: acme/api, command: migrate, depends_on: [db]}
  nightly: {image: acme/api, x-aws: {schedule: "rate(1 day)"}}
  gone: {image: acme/gone, deploy: {replicas: 0}}
  optional: {image: acme/optional, profiles: [off]}
"""


@pytest.mark.parametrize("tier", ["production", "development"])
def test_depends_on_is_the_order_in_which_things_are_made(tmp_path: Path, tier: str) -> None:
    made = planned(tmp_path, DEPENDENCIES, tier=tier)
    waits = {str(id_) for id_ in service(made, "api").depends_on}
    assert waits == {
        "AWS::ECS::Service/StoreService",
        "AWS::ECS::Service/WebService",
        "AWS::CloudFormation::CustomResource/MigrateJob",
    }
    assert outcome(made, "services.api.depends_on.db") == "translated"
    assert outcome(made, "services.api.depends_on.gone") == "dropped"
    assert outcome(made, "services.migrate.depends_on.db") == "translated"
    assert job(made, "migrate").depends_on == ()


# ── jobs ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_job_runs_once_and_a_scheduled_one_at_its_times(tmp_path: Path) -> None:
    made = planned(tmp_path, DEPENDENCIES)
    assert job(made, "migrate").schedule is None
    assert job(made, "migrate").id.type == "AWS::CloudFormation::CustomResource"
    assert job(made, "migrate").timeout == 3600
    assert job(made, "nightly").schedule == "rate(1 day)"
    assert job(made, "nightly").id.type == "AWS::Scheduler::Schedule"
    assert decision(made, "services.migrate").code == "job"
    assert outcome(made, "services.nightly.x-aws.schedule") == "translated"


def test_a_job_is_no_part_of_service_connect_and_has_no_targets(tmp_path: Path) -> None:
    made = planned(tmp_path, DEPENDENCIES)
    names = {name.name for name in made.names}
    assert {"migrate", "nightly"}.isdisjoint(names)


# ── sidecars ────────────────────────────────────────────────────────────────────────────────────────────────────────

SIDECARS = """
services:
  app: {image: acme/app, healthcheck: {test: "true"}, volumes: ["data:/data"]}
  log:
    image: acme/log
    network_mode: service:app
    restart: always
    volumes: ["data:/in:ro"]
    user: "1000"
    depends_on: {app: {condition: service_healthy}}
  once: {image: acme/once, network_mode: "service:log"}
  other: {image: acme/other}
volumes: {data: }
"""


def test_a_sidecar_is_a_container_of_its_owners_task(tmp_path: Path) -> None:
    made = planned(tmp_path, SIDECARS)
    assert [w.name for w in made.workloads] == ["app", "other"]
    assert [c.name for c in task(made, "app").containers] == ["app", "log", "once"]
    assert [c.essential for c in task(made, "app").containers] == [True, True, False]
    assert [v.name for v in task(made, "app").volumes] == ["DataAccessPoint"]
    assert [(d.container, d.condition) for d in container(made, "log").depends_on] == [("app", "HEALTHY")]
    groups = {group.logging.group for group in task(made, "app").containers}
    assert len(groups) == 3


def test_what_a_sidecar_says_becomes_a_part_of_its_owners_task(tmp_path: Path) -> None:
    made = planned(tmp_path, SIDECARS)
    definitions = {
        id_.logical_id for d in made.decisions for id_ in d.becomes if id_.type == "AWS::ECS::TaskDefinition"
    }
    assert definitions == {"AppTaskDefinition", "OtherTaskDefinition"}
    assert "not-translated" not in codes(made)


def test_a_sidecar_of_what_does_not_run_is_refused(tmp_path: Path) -> None:
    text = "services:\n  db: {image: postgres}\n  side: {image: a, network_mode: 'service:db'}\n"
    assert refused(planned(tmp_path, text)) == {"services.side.network_mode": "sidecar-of-nothing"}


# ── one container ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_a_container_says_of_itself_is_kept(tmp_path: Path) -> None:
    made = one(
        tmp_path,
        "\n    ".join(
            (
                "user: '1000:1000'",
                "working_dir: /srv",
                "tty: true",
                "stdin_open: true",
                "init: true",
                "read_only: true",
                "ulimits: {nofile: {soft: 1024, hard: 2048}, nproc: 512, memlock: -1, core: {soft: 0, hard: -1}}",
                "sysctls: {net.core.somaxconn: 1024, vm.swappiness: 1}",
                "cap_drop: [NET_RAW]",
                "cap_add: [SYS_PTRACE, CHOWN]",
                "labels: {team: shop}",
            )
        ),
    )
    api = container(made, "api")
    assert (api.user, api.working_directory) == ("1000:1000", "/srv")
    assert (api.terminal, api.interactive, api.init, api.read_only) == (True, True, True, True)
    assert api.ulimits == (
        Ulimit("nofile", 1024, 2048),
        Ulimit("nproc", 512, 512),
        Ulimit("memlock", -1, -1),
        Ulimit("core", 0, -1),
    )
    assert api.system_controls == (("net.core.somaxconn", "1024"),)
    assert finding(made, "sysctl").severity == "warning"
    assert (api.capabilities_added, api.capabilities_dropped) == (("SYS_PTRACE",), ("NET_RAW",))
    assert outcome(made, "services.api.cap_add[1]") == "inert"
    assert [(name, str(text)) for name, text in api.labels] == [("team", "shop")]


def test_a_container_that_keeps_a_few_capabilities_drops_the_others(tmp_path: Path) -> None:
    api = container(one(tmp_path, "cap_drop: [ALL]\n    cap_add: [CAP_NET_BIND_SERVICE]"), "api")
    assert "NET_BIND_SERVICE" not in api.capabilities_dropped
    assert {"CHOWN", "SETUID", "NET_RAW"} <= set(api.capabilities_dropped)
    assert "ALL" not in api.capabilities_dropped
    api = container(one(tmp_path, "cap_drop: [ALL]"), "api")
    assert api.capabilities_dropped == ("ALL",)


@pytest.mark.parametrize(
    ("written", "seconds", "result"),
    [("30s", 30, "translated"), ("10m", 120, "adapted"), ("1s", 2, "adapted"), ("2500ms", 3, "adapted")],
)
def test_the_time_to_stop_is_within_fargates_range(tmp_path: Path, written: str, seconds: int, result: str) -> None:
    made = one(tmp_path, f"stop_grace_period: {written}")
    assert container(made, "api").stop_timeout == seconds
    assert outcome(made, "services.api.stop_grace_period") == result


def test_a_shorter_time_to_stop_is_a_warning(tmp_path: Path) -> None:
    told = finding(one(tmp_path, "stop_grace_period: 5m"), "stops-sooner")
    assert told.severity == "warning"
    assert "has 120 s to stop instead of 300 s" in told.message
    assert "SIGTERM" in told.remedy
    assert "stops-sooner" not in codes(one(tmp_path, "stop_grace_period: 2m"))
    assert "stops-sooner" not in codes(one(tmp_path, "stop_grace_period: 1s"))


def test_an_instance_waits_as_long_as_the_file_says(tmp_path: Path) -> None:
    made = one(tmp_path, "stop_grace_period: 2h\n    privileged: true\n    ports: ['80:80']")
    assert container(made, "api").stop_timeout == 7200
    assert "stops-sooner" not in codes(made)
    assert {group.deregistration_delay for group in balancer(made).target_groups} == {3600}


@pytest.mark.parametrize(("tier", "days"), [("production", 365), ("development", 7)])
def test_output_is_kept_as_long_as_the_tier_says(tmp_path: Path, tier: str, days: int) -> None:
    made = one(tmp_path, "logging: {driver: json-file}", tier)
    assert container(made, "api").logging.retention == days
    assert outcome(made, "services.api.logging") == "adapted"


def test_policies_are_managed_ones_by_arn_and_statements_of_ones_own(tmp_path: Path) -> None:
    text = """
services:
  api:
    image: acme/api
    x-aws:
      policies:
        - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        - {Effect: Allow, Action: "s3:PutObject", Resource: "arn:aws:s3:::photos/*"}
"""
    task = planned(tmp_path, text).workloads[0].task
    assert task.policies == ("arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",)
    assert task.statements == ({"Effect": "Allow", "Action": "s3:PutObject", "Resource": "arn:aws:s3:::photos/*"},)


# ── start order ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_order_of_an_app_that_may_be_split_is_told_as_it_is(tmp_path: Path) -> None:
    def waiting(count: int) -> Plan:
        more = "".join(f"  s{n}: {{image: acme/s, depends_on: [first]}}\n" for n in range(count))
        return planned(tmp_path, f"services:\n  first: {{image: acme/first}}\n{more}")

    small, large = waiting(20), waiting(60)
    assert decision(small, "services.s1.depends_on.first").reason == "made when first is steady"
    assert decision(large, "services.s1.depends_on.first").reason == (
        "made when first is steady, where both stand in one stack"
    )
    assert ("order-across-stacks" in codes(small), "order-across-stacks" in codes(large)) == (False, True)
