"""What is drawn of a plan: boxes, where they stand, and who speaks with whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.planner import plan
from tests.golden_cases import cases, read_project
from tests.planning.projects import catalog
from tests.report.picture.systems import box, every_picture, group_of, groups, joins, lines_to, pictured

SHOP = """
services:
  web: {image: web, ports: ["8080:80"], environment: {API: "http://api:3000"}, depends_on: [api]}
  api:
    image: api
    expose: ["3000"]
    environment: {DATABASE_URL: "postgresql://u:p@postgres/shop"}
    volumes: [uploads:/uploads]
  postgres: {image: "postgres:16", environment: {POSTGRES_PASSWORD: p, POSTGRES_USER: u}}
volumes: {uploads: }
x-aws: {domain: example.com}
"""


def test_a_request_is_drawn_from_the_internet_to_the_database(tmp_path: Path) -> None:
    made = pictured(tmp_path, SHOP)
    balancer = box(made, "Load balancer")
    assert [pin.label for pin in balancer.entries] == ["443 HTTPS", "80 to HTTPS"]
    assert [pin.label for pin in balancer.exits] == ["web.example.com"]
    assert [(line.exit, line.entry) for line in lines_to(made, "web")] == [("web.example.com", "80")]
    assert [(line.kind, line.entry) for line in lines_to(made, "api")] == [("connection", "3000")]
    assert [(line.kind, line.entry) for line in lines_to(made, "postgres")] == [("connection", "5432")]
    assert [(line.kind, line.entry) for line in lines_to(made, "EFS")] == [("files", "uploads")]
    assert {line.source for line in lines_to(made, "Load balancer")} == {"internet"}


def test_boxes_stand_in_their_subnets(tmp_path: Path) -> None:
    made = pictured(tmp_path, SHOP)
    assert [group_of(made, title).kind for title in ("Load balancer", "api", "postgres")] == [
        "public",
        "private",
        "private",
    ]
    made = pictured(tmp_path, SHOP, tier="development")
    assert [group_of(made, title).kind for title in ("api", "postgres")] == ["public", "private"]


def test_an_order_of_starting_is_drawn_only_where_nothing_else_joins_two(tmp_path: Path) -> None:
    made = pictured(
        tmp_path,
        """
        services:
          front: {image: a, depends_on: [middle, back]}
          middle: {image: a, depends_on: [back, cache], environment: {REDIS_URL: "redis://cache:6379"}}
          back: {image: a}
          cache: {image: "redis:7"}
        """,
    )
    assert joins(made) == {
        ("order", "front", "middle"),  # and not front to back: middle waits for it already
        ("order", "middle", "back"),
        ("connection", "middle", "cache"),
    }


def test_a_job_tells_who_waits_for_it_and_has_no_line_of_order(tmp_path: Path) -> None:
    made = pictured(
        tmp_path,
        """
        services:
          api: {image: a, depends_on: {migrate: {condition: service_completed_successfully}}}
          migrate: {image: a, command: migrate}
        """,
    )
    assert box(made, "migrate").symbol == "job"
    assert "before api" in box(made, "migrate").facts
    assert joins(made) == set()


def test_a_broker_is_reached_on_the_port_that_it_has_on_aws(tmp_path: Path) -> None:
    made = pictured(
        tmp_path,
        """
        services:
          app: {image: a, environment: {AMQP_URL: "amqp://guest:guest@rabbit:5672/"}}
          rabbit: {image: "rabbitmq:3-management"}
        """,
    )
    assert [line.entry for line in lines_to(made, "rabbit")] == ["5671"]


def test_one_network_is_a_note_and_several_are_groups(tmp_path: Path) -> None:
    made = pictured(tmp_path, SHOP)
    assert group_of(made, "api").note == "network default"
    made = pictured(
        tmp_path,
        """
        services:
          front: {image: a, networks: [outer, inner]}
          back: {image: a, networks: [inner]}
          vault: {image: a, networks: [locked]}
        networks: {outer: , inner: , locked: {internal: true}}
        """,
    )
    assert group_of(made, "front").title == "networks outer, inner"
    assert group_of(made, "back").title == "network inner"
    assert group_of(made, "vault").kind in ("isolated", "network")
    assert [group.title for group in groups(made) if group.kind == "isolated"] == ["Isolated subnets"]


def test_what_fargate_cannot_run_stands_on_instances(tmp_path: Path) -> None:
    made = pictured(tmp_path, "services: {agent: {image: a, privileged: true}, api: {image: b}}")
    assert group_of(made, "agent").kind == "fleet"
    assert group_of(made, "api").kind == "private"


def test_a_scheduled_job_is_started_by_its_schedule(tmp_path: Path) -> None:
    made = pictured(tmp_path, 'services: {report: {image: a, x-aws: {schedule: "cron(0 3 * * ? *)"}}}')
    assert joins(made) == {("start", "Schedules", "report")}
    assert [pin.label for pin in box(made, "Schedules").exits] == ["cron(0 3 * * ? *)"]


def test_a_container_beside_another_speaks_from_its_box(tmp_path: Path) -> None:
    made = pictured(
        tmp_path,
        """
        services:
          api: {image: a}
          exporter: {image: b, network_mode: "service:api", environment: {REDIS_URL: "redis://cache:6379"}}
          cache: {image: "redis:7"}
        """,
    )
    assert joins(made) == {("connection", "api", "cache")}
    assert "with exporter" in box(made, "api").facts
    assert "exporter" not in {b.title for b in made.boxes}


def test_many_volumes_are_one_entry_of_the_file_system(tmp_path: Path) -> None:
    def system(number: int) -> str:
        mounts = ", ".join(f"v{n}:/v{n}" for n in range(number))
        volumes = ", ".join(f"v{n}: " for n in range(number))
        return f"services: {{app: {{image: a, volumes: [{mounts}]}}}}\nvolumes: {{{volumes}}}\n"

    assert [pin.label for pin in box(pictured(tmp_path, system(4)), "EFS").entries] == ["v0", "v1", "v2", "v3"]
    made = pictured(tmp_path, system(5))
    assert [pin.label for pin in box(made, "EFS").entries] == ["2049"]
    assert "volumes v0, v1, v2, v3, v4" in box(made, "EFS").facts
    assert len(lines_to(made, "EFS")) == 1


def test_services_with_the_same_connections_are_one_box(tmp_path: Path) -> None:
    workers = "".join(
        f'  worker-{n}: {{image: a, environment: {{REDIS_URL: "redis://cache:6379"}}}}\n' for n in range(5)
    )
    made = pictured(tmp_path, f"services:\n{workers}  other: {{image: a}}\n  cache: {{image: 'redis:7'}}\n")
    assert joins(made) == {("connection", "5 services alike", "cache")}
    assert [member.service for member in box(made, "5 services alike").members] == [f"worker-{n}" for n in range(5)]
    assert box(made, "other").members == ()


def test_services_that_differ_in_one_connection_stay_apart(tmp_path: Path) -> None:
    workers = "".join(
        f'  worker-{n}: {{image: a, environment: {{A: "redis://cache:6379", B: "http://api{n}:80"}}}}\n'
        f"  api{n}: {{image: b, expose: ['80']}}\n"
        for n in range(4)
    )
    made = pictured(tmp_path, f"services:\n{workers}  cache: {{image: 'redis:7'}}\n")
    assert not any(b.members for b in made.boxes)


@pytest.mark.parametrize("folder", cases(), ids=lambda folder: folder.name)
def test_every_workload_and_managed_service_is_drawn_once(folder: Path) -> None:
    made = plan(read_project(folder), catalog(), "production")
    drawn = every_picture()[f"{folder.name} (production)"]
    names = [name for b in drawn.boxes for name in ([m.service for m in b.members] or [b.title])]
    wanted = [workload.name for workload in made.workloads] + [item.service for item in made.managed]
    assert sorted(name for name in names if name in wanted) == sorted(wanted)


def test_lines_end_at_boxes_and_entries_that_are_there() -> None:
    for name, drawn in every_picture().items():
        boxes = {b.id: b for b in drawn.boxes}
        assert len(boxes) == len(drawn.boxes), name
        for line in drawn.lines:
            assert line.entry in {None, *(pin.name for pin in boxes[line.target].entries)}, (name, line)
            assert line.exit in {None, *(pin.name for pin in boxes[line.source].exits)}, (name, line)
