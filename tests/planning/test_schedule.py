"""Schedules: what EventBridge Scheduler takes, what is refused with a word that helps, and their time zone."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.cloudformation import emit
from compose2aws.compose import ComposeError
from compose2aws.planning.model import Plan
from compose2aws.planning.schedule import expression_problem, zone_problem
from tests.planning.projects import codes, finding, job, planned


def scheduled(folder: Path, schedule: str, environment: str = "{}", given: dict[str, str] | None = None) -> Plan:
    return planned(
        folder,
        f"""
        services:
          report:
            image: acme/report
            environment: {environment}
            x-aws: {{schedule: {schedule}}}
        """,
        environment=given or {},
    )


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 3 * * ? *)",
        "cron(0/15 8-18 ? * MON-FRI 2026-2030)",
        "cron(0,30 */2 L 1,6 ? *)",
        "cron(0 0 15W JAN ? *)",
        "cron(0 0 LW * ? *)",
        "cron(5 4 ? * 6#3 *)",
        "cron(5 4 ? * 6L *)",
        "rate(1 hour)",
        "rate(15 minutes)",
        "at(2030-02-28T03:00:00)",
    ],
)
def test_what_the_scheduler_knows_is_taken(expression: str) -> None:
    assert expression_problem(expression) is None


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("0 3 * * *", "cron(0 3 * * ? *)"),
        ("30 2 * * 1-5", "cron(30 2 ? * 2-6 *)"),
        ("cron(0 3 * * 0)", "cron(0 3 ? * 1 *)"),
        ("0 3 1 * 1", "two schedules"),
        ("cron(0 3 * * * *)", "one is `?`"),
        ("cron(0 3 ? * ? *)", "one is `?`"),
        ("cron(60 3 * * ? *)", "'60' is no minutes: wanted 0-59"),
        ("cron(0 24 * * ? *)", "'24' is no hours"),
        ("cron(0 3 32 * ? *)", "'32' is no day of month"),
        ("cron(0 3 * FOO ? *)", "'FOO' is no month: wanted 1-12 or JAN-DEC"),
        ("cron(0 3 ? * 0 *)", "'0' is no day of week: wanted 1-7 or SUN-SAT"),
        ("cron(0/0 3 * * ? *)", "no minutes"),
        ("cron(0 3 * *)", "six fields"),
        ("rate(0 minutes)", "whole number"),
        ("rate(5 weeks)", "minutes, hours or days"),
        ("rate(1.5 hours)", "whole number"),
        ("at(2030-02-30T03:00:00)", "yyyy-mm-ddThh:mm:ss"),
        ("at(2030-02-28)", "yyyy-mm-ddThh:mm:ss"),
        ("daily", "cron(…), rate(…) or at(…)"),
    ],
)
def test_what_the_scheduler_refuses_is_an_error_at_its_place(tmp_path: Path, expression: str, told: str) -> None:
    with pytest.raises(ComposeError) as raised:
        scheduled(tmp_path, f"'{expression}'")
    (error,) = raised.value.diagnostics
    assert (error.code, error.path) == ("invalid-setting", ("services", "report", "x-aws", "schedule"))
    assert told in error.message
    assert str(error.position).startswith("compose.yaml:6:")


@given(st.text(alphabet="0123456789*?/-,LW# JANMONcronrate()", max_size=40))
def test_any_text_is_judged(text: str) -> None:
    expression_problem(text)
    expression_problem(f"cron({text})")


@pytest.mark.parametrize(
    ("schedule", "environment", "zone"),
    [
        ("'rate(1 day)'", "{}", "UTC"),
        ("'cron(0 3 * * ? *)'", "{TZ: Europe/Berlin}", "Europe/Berlin"),
        ("{expression: 'cron(0 3 * * ? *)', timezone: Asia/Tokyo}", "{TZ: Europe/Berlin}", "Asia/Tokyo"),
        ("{expression: 'cron(0 3 * * ? *)'}", "[TZ=America/New_York]", "America/New_York"),
        ("'cron(0 3 * * ? *)'", "{TZ: '${ZONE:-Europe/Oslo}'}", "Europe/Oslo"),
        ("'cron(0 3 * * ? *)'", "{TZ: '${ZONE}'}", "UTC"),
    ],
)
def test_times_are_in_the_zone_of_the_setting_else_of_the_container(
    tmp_path: Path, schedule: str, environment: str, zone: str
) -> None:
    made = scheduled(tmp_path, schedule, environment)
    assert job(made, "report").time_zone == zone
    resources = {k: v for stack in emit(made).stacks for k, v in stack.template["Resources"].items()}
    assert resources["ReportSchedule"]["Properties"]["ScheduleExpressionTimezone"] == zone
    assert "schedule-zone" not in codes(made)


def test_a_zone_that_is_none_is_told_and_left(tmp_path: Path) -> None:
    made = scheduled(tmp_path, "'rate(1 day)'", "{TZ: 'CET-1CEST'}")
    assert job(made, "report").time_zone == "UTC"
    assert finding(made, "schedule-zone").path == ("services", "report", "x-aws", "schedule")


def test_a_misspelt_zone_is_an_error_that_names_the_nearest(tmp_path: Path) -> None:
    assert zone_problem("Europe/Berlin") is None
    with pytest.raises(ComposeError) as raised:
        scheduled(tmp_path, "{expression: 'rate(1 day)', timezone: Europe/Berln}")
    (error,) = raised.value.diagnostics
    assert "did you mean 'Europe/Berlin'?" in error.message


@pytest.mark.parametrize(
    ("schedule", "code"),
    [
        ("{expression: 'rate(1 day)', zone: UTC}", "unknown-setting"),
        ("{timezone: UTC}", "invalid-setting"),
        ("7", "invalid-setting"),
    ],
)
def test_a_schedule_is_a_text_or_an_expression_with_a_zone(tmp_path: Path, schedule: str, code: str) -> None:
    with pytest.raises(ComposeError) as raised:
        scheduled(tmp_path, schedule)
    assert [error.code for error in raised.value.diagnostics] == [code]


def test_what_a_variable_holds_is_not_repeated(tmp_path: Path) -> None:
    with pytest.raises(ComposeError) as raised:
        scheduled(tmp_path, "'${WHEN}'", given={"WHEN": "hunter2hunter2"})
    assert "hunter2" not in str(raised.value.diagnostics)
