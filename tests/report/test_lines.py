"""Lines for a terminal: cleaned, in columns, with names before them."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.delivery.managed_service import ManagedService
from compose2aws.delivery.status import (
    AlarmStatus,
    JobStatus,
    ProjectStatus,
    ServiceStatus,
    StackStatus,
    StoppedTaskStatus,
)
from compose2aws.delivery.task_log import LogLine
from compose2aws.report.clean import cleaned, cleaned_lines
from compose2aws.report.duration import ago, elapsed
from compose2aws.report.grid import grid
from compose2aws.report.log_lines import LogPrinter
from compose2aws.report.status import status_text

AT = datetime(2026, 1, 31, 14, 3, 5, 120_000, UTC)
HOSTILE = st.text(st.sampled_from("ab \t\r\n\x07\x08\x1b[]0;31mKJ\x9b\x9d\x85\u2028é漢\u200b"), max_size=40)


@given(HOSTILE)
def test_nothing_that_a_terminal_acts_on_is_left(text: str) -> None:
    assert cleaned(text).isprintable()
    assert all(line.isprintable() for line in cleaned_lines(text))
    coloured = cleaned(text, colour=True)
    assert re.sub(r"\x1b\[[0-9;:]*m", "", coloured).isprintable()
    assert "\x1b" not in coloured or coloured.endswith("\x1b[0m")


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x1b[2J\x1b[Hb", "ab"),
        ("\x1bcreset", "reset"),
        ("50%\r100%", "50% 100%"),
        ("tab\there", "tab here"),
    ],
)
def test_escape_sequences_go_as_a_whole(text: str, plain: str) -> None:
    assert cleaned(text) == plain


def test_a_name_stands_before_each_line_in_a_colour_of_its_own() -> None:
    line = LogLine("1", AT, "api", "t", "one\n\x1b[31mtwo")
    plain = LogPrinter(["api", "worker"], timestamps=True, colour=False).lines(line)
    assert plain == ["api     | 2026-01-31T14:03:05.120Z one", "api     | 2026-01-31T14:03:05.120Z two"]
    printer = LogPrinter(["api", "worker"], timestamps=False, colour=True)
    api, worker = printer.lines(line), printer.lines(LogLine("2", AT, "worker", "t", "x"))
    assert api[1].endswith("\x1b[31mtwo\x1b[0m")
    assert api[0].split("api")[0] != worker[0].split("worker")[0]


@given(st.lists(st.lists(HOSTILE, min_size=3, max_size=3), max_size=5), st.integers(40, 120))
def test_a_grid_is_never_wider_than_the_page(rows: list[list[str]], width: int) -> None:
    assert all(len(click.unstyle(line)) <= width for line in grid(("A", "B", "C"), rows, width))


def test_spans_of_time() -> None:
    assert [elapsed(s) for s in (-1, 0, 59.9, 60, 3599, 3700)] == [
        "0 s", "0 s", "59 s", "1 min 0 s", "59 min 59 s", "1 h 1 min",
    ]  # fmt: skip
    spans = [timedelta(seconds=5), timedelta(minutes=5), timedelta(hours=47), timedelta(days=3)]
    assert [ago(AT - span, AT) for span in spans] == ["just now", "5 min ago", "47 h ago", "3 days ago"]
    assert ago(None, AT) == ""


def managed(service: str, status: str, host: str | None) -> ManagedService:
    return ManagedService(service, "Aurora PostgreSQL", None, status, host, 5432 if host else None)  # type: ignore[arg-type]


STATUS = ProjectStatus(
    project="shop",
    account="123456789012",
    region="eu-central-1",
    at=AT,
    stacks=(
        StackStatus("shop-base", "UPDATE_COMPLETE", "", AT - timedelta(days=3)),
        StackStatus("shop-app", "UPDATE_ROLLBACK_FAILED", "ApiService did not stabilize", AT - timedelta(hours=3)),
    ),
    services=(
        ServiceStatus("api", 2, 2, 0, 0, "COMPLETED", "", AT - timedelta(hours=3), 2, 0, 512, 1024, ("http://a.b",)),
        ServiceStatus("web", 2, 1, 1, 3, "IN_PROGRESS", "", AT - timedelta(minutes=4), 0, 1, 256, 512, ()),
        ServiceStatus("mail", 1, 0, 0, 9, "FAILED", "tasks failed to start", AT, 0, 0, 1024, 3072, ()),
    ),
    managed=(managed("db", "available", "shop-base-db.cluster-x.rds.amazonaws.com"), managed("old", "unknown", None)),
    jobs=(
        JobStatus("migrate", None, AT - timedelta(hours=3), False, 0, "exit code 0"),
        JobStatus("report", "cron(0 3 * * ? *)", None, False, None, "has not run yet"),
    ),
    stopped=(
        StoppedTaskStatus("web", "5b1c2d3e4f", AT - timedelta(minutes=2), "Essential container exited", (("web", 1),)),
    ),
    alarms=(AlarmStatus("shop-cpu", "api", "api is busy", AT - timedelta(minutes=9)),),
    problems=("the credentials may not do DescribeDBClusters: User is not authorized to perform this action at all",),
)


def test_the_status_of_a_project_fits_eighty_columns() -> None:
    assert click.unstyle(status_text(STATUS, 80)).splitlines() == [
        "shop in eu-central-1 (account 123456789012)",
        "",
        "STACK      STATUS                  CHANGED",
        "shop-base  UPDATE_COMPLETE         3 days ago",
        "shop-app   UPDATE_ROLLBACK_FAILED  3 h ago",
        "  shop-app: ApiService did not stabilize",
        "",
        "SERVICE  TASKS  ROLL-OUT               HEALTH       SIZE               DEPLOYED",
        "api      2/2    done                   2 healthy    0.5 vCPU, 1 GB     3 h ago",
        "web      1/2    rolling out, 3 failed  1 unhealthy  0.25 vCPU, 512 MB  4 min ago",
        "mail     0/1    failed                 -            1 vCPU, 3 GB       just now",
        "  mail: tasks failed to start",
        "",
        "PUBLIC URL  SERVICE",
        "http://a.b  api",
        "",
        "MANAGED  BY                 STATUS",
        "db       Aurora PostgreSQL  available",
        "old      Aurora PostgreSQL  unknown",
        "  db   shop-base-db.cluster-x.rds.amazonaws.com:5432",
        "",
        "JOB      RUNS               LAST RUN  RESULT",
        "migrate  each release       3 h ago   exit code 0",
        "report   cron(0 3 * * ? *)  -         has not run yet",
        "",
        "STOPPED  TASK      WHEN       WHY",
        "web      5b1c2d3e  2 min ago  Essential container exited; web: exit code 1",
        "",
        "ALARM     OF   SINCE      WHAT",
        "shop-cpu  api  9 min ago  api is busy",
        "",
        "not read: the credentials may not do DescribeDBClusters: User is not authorized",
        "  to perform this action at all",
    ]
