"""The local-vs-production table of a project: what its author has on the laptop, what it is on AWS, how that works.

The rows come from the plan's items. The project is looked at only to say things in the words of its author
(`ports: "3001:3000"`); no value of its environment is.
"""

from __future__ import annotations

from collections.abc import Iterator

from compose2aws.compose.project import Project
from compose2aws.planning.model import Plan
from compose2aws.report.layout import listed
from compose2aws.report.table.files import image_rows, mount_rows, volume_rows
from compose2aws.report.table.reach import name_rows, network_rows, private_port_rows, public_port_rows
from compose2aws.report.table.row import Group, Row
from compose2aws.report.table.values import connection_rows, managed_rows, secret_rows
from compose2aws.report.table.workloads import job_rows, log_rows, private_services, public_services, service_rows

HEADER = ("local (Docker)", "AWS", "how it works")


def rows(plan: Plan, project: Project) -> tuple[Row, ...]:
    """The whole table without headings, nothing of it merged for brevity."""
    return tuple(row for group in groups(plan, project, brief=False) for row in group.rows)


def groups(plan: Plan, project: Project, *, brief: bool) -> tuple[Group, ...]:
    """The table in groups, those that are empty left out; `brief`: where there are many rows of a kind, one says what
    is the same of them all."""
    decided = {decision.path: decision for decision in plan.decisions}
    public, private = public_services(plan), private_services(plan)
    every = (
        (
            "Public services",
            (
                *service_rows(plan, project, public, first=True),
                *public_port_rows(plan, project, brief=brief),
            ),
        ),
        ("Managed by AWS", (*managed_rows(plan), *connection_rows(plan, brief=brief))),
        (
            "Private services and workers",
            (
                *service_rows(plan, project, private, first=not public),
                *private_port_rows(plan, project, decided, brief=brief),
            ),
        ),
        ("Jobs", tuple(job_rows(plan, project))),
        ("Files", (*volume_rows(plan, project, decided, brief=brief), *mount_rows(project, decided, brief=brief))),
        ("Network, names and logs", (*network_rows(plan, project), *name_rows(plan), *log_rows(plan))),
        ("Images to build", tuple(image_rows(plan, project))),
        ("Secrets and settings to give", tuple(secret_rows(plan, brief=brief))),
        ("Not started", tuple(_inactive(project))),
    )
    return tuple(Group(heading, found) for heading, found in every if found)


def _inactive(project: Project) -> Iterator[Row]:
    inactive: dict[tuple[str, ...], list[str]] = {}
    for service in project.inactive:
        inactive.setdefault(service.profiles, []).append(f"`{service.name}`")
    for profiles, names in inactive.items():
        ways = " or ".join(f"`--profile {profile}`" for profile in profiles)
        local = f"{listed(names)} {'container' if len(names) == 1 else 'containers'}"
        yield Row(local, "left out", f"the profile is not active; {ways} takes it in")
