"""Alarms: in production, where there is an address, on what pages people."""

from __future__ import annotations

from pathlib import Path

from compose2aws.planning.model import Alarm, Plan
from tests.planning.projects import catalog, codes, decision, finding, outcome, planned

SYSTEM = """
services:
  api:
    image: acme/api
    ports: ["8080:8080"]
    deploy: {replicas: 3}
    environment: {DATABASE_URL: "postgres://db/app"}
  db: {image: "postgres:17", command: -c max_connections=400}
  old: {image: "mariadb:11"}
  cache: {image: "redis:7"}
"""


def made(folder: Path, settings: str, compose: str = SYSTEM) -> Plan:
    return planned(folder, f"{compose}x-aws: {{{settings}}}\n")


def alarm(plan: Plan, of: str, metric: str) -> Alarm:
    """The one alarm on a metric of a service."""
    (found,) = [a for a in plan.alarms if a.metric == metric and a.description.startswith(f"{of}:")]
    return found


def test_an_address_gets_alarms_in_production(tmp_path: Path) -> None:
    plan = made(tmp_path, "alarms: ops@example.com")
    assert plan.alarm_topic is not None
    assert plan.alarm_topic.address == "ops@example.com"
    assert outcome(plan, "x-aws.alarms") == "translated"
    assert {id_.logical_id for id_ in decision(plan, "x-aws.alarms").becomes} == {"AlarmTopic", "AlarmSubscription"}
    assert "no-alarms" not in codes(plan)
    assert len({a.id for a in plan.alarms}) == len(plan.alarms)


def test_without_an_address_one_note_asks_for_it(tmp_path: Path) -> None:
    plan = made(tmp_path, "tier: production")
    assert (plan.alarms, plan.alarm_topic) == ((), None)
    assert finding(plan, "no-alarms").severity == "note"


def test_development_wakes_nobody(tmp_path: Path) -> None:
    plan = made(tmp_path, "tier: development, alarms: ops@example.com")
    assert (plan.alarms, plan.alarm_topic) == ((), None)
    assert outcome(plan, "x-aws.alarms") == "inert"
    assert "no-alarms" not in codes(made(tmp_path, "tier: development"))


def test_nothing_that_could_fail_asks_for_no_address(tmp_path: Path) -> None:
    plan = planned(tmp_path, "services:\n  once: {image: acme/once, restart: 'no'}\n")
    assert "no-alarms" not in codes(plan)


def test_thresholds_are_shares_of_what_there_is(tmp_path: Path) -> None:
    plan = made(tmp_path, "alarms: ops@example.com")
    assert alarm(plan, "db", "DatabaseConnections").threshold == 320
    assert alarm(plan, "old", "DatabaseConnections").threshold == 272
    assert alarm(plan, "old", "FreeStorageSpace").threshold == 5 * 1024**3
    tasks = alarm(plan, "api", "RunningTaskCount")
    assert (tasks.threshold, tasks.side) == (3, "below")


def test_each_node_of_a_cache_is_watched(tmp_path: Path) -> None:
    plan = made(tmp_path, "alarms: ops@example.com")
    nodes = {a.dimensions[0].suffix for a in plan.alarms if a.metric == "DatabaseMemoryUsagePercentage"}
    assert nodes == {"-001", "-002"}


def test_the_balancer_and_its_targets_are_watched(tmp_path: Path) -> None:
    plan = made(tmp_path, "alarms: ops@example.com")
    unhealthy = alarm(plan, "api", "UnHealthyHostCount")
    assert [d.name for d in unhealthy.dimensions] == ["LoadBalancer", "TargetGroup"]
    assert alarm(plan, "the balancer", "HTTPCode_ELB_5XX_Count").statistic == "Sum"


def test_an_alarm_is_measured_in_whole_periods() -> None:
    for rules in catalog().alarms.values():
        assert rules
        assert all(rule.minutes % 5 == 0 for rule in rules)
