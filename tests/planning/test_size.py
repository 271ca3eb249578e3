"""A task's size: what is asked for, rounded up to a size that Fargate offers."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from compose2aws.catalog.size_table import size_table
from compose2aws.planning.size import FARGATE_SIZES, fargate_size
from tests.planning.projects import decision, outcome, planned, refused, task

PAIRS = [(cpu, memory) for cpu, memories in FARGATE_SIZES.items() for memory in memories]
CPU = st.integers(1, 40_000)
MEMORY = st.integers(1, 260_000)


@given(CPU, MEMORY)
@example(256, 512)
@example(257, 512)
@example(1024, 8192)
@example(1024, 8193)
@example(32768, 244 * 1024)
@example(8192, 60 * 1024)
def test_a_size_is_one_that_fargate_offers_and_the_smallest_that_is_enough(cpu: int, memory: int) -> None:
    size = fargate_size(cpu, memory)
    enough = [pair for pair in PAIRS if pair[0] >= cpu and pair[1] >= memory]
    if size is None:
        assert enough == []
    else:
        assert size in enough
        assert size == min(enough)


def test_the_table_is_amazons() -> None:
    assert {cpu: (min(memories), max(memories)) for cpu, memories in FARGATE_SIZES.items()} == {
        256: (512, 2048),
        512: (1024, 4096),
        1024: (2048, 8192),
        2048: (4096, 16384),
        4096: (8192, 30720),
        8192: (16384, 61440),
        16384: (32768, 122880),
        32768: (61440, 249856),
    }
    assert FARGATE_SIZES[8192][:2] == (16384, 20480)
    assert FARGATE_SIZES[16384][:2] == (32768, 40960)
    assert all(list(memories) == sorted(memories) for memories in FARGATE_SIZES.values())


def sized(folder: Path, body: str, image: str = "acme/api", tier: str | None = "development") -> tuple[int, int]:
    made = planned(folder, f"services:\n  api:\n    image: {image}\n    {body}\n", tier=tier)
    return task(made, "api").cpu, task(made, "api").memory


@pytest.mark.parametrize(
    ("body", "size"),
    [
        ("restart: always", (256, 512)),
        ("deploy: {resources: {limits: {cpus: '1', memory: 3G}}}", (1024, 3072)),
        ("deploy: {resources: {reservations: {cpus: '0.5', memory: 1G}}}", (512, 1024)),
        ("deploy: {resources: {limits: {memory: 1G}, reservations: {memory: 512M}}}", (256, 1024)),
        ("deploy: {resources: {limits: {memory: 3000M}}}", (512, 3072)),
        ("cpus: 2\n    mem_limit: 5g", (2048, 5120)),
        ("mem_reservation: 2g", (256, 2048)),
        ("cpu_count: 2", (2048, 4096)),
        ("x-aws: {cpu: 0.5, memory: 2GB}\n    mem_limit: 8g", (512, 2048)),
        ("cpus: 0.1\n    mem_limit: 64m", (256, 512)),
    ],
)
def test_limits_count_before_reservations_and_the_settings_before_both(
    tmp_path: Path, body: str, size: tuple[int, int]
) -> None:
    assert sized(tmp_path, body) == size


@pytest.mark.parametrize(
    ("image", "size"),
    [
        ("mcr.microsoft.com/mssql/server:2022-latest", (1024, 4096)),
        ("docker.elastic.co/elasticsearch/elasticsearch:9.2.0", (1024, 2048)),
        ("quay.io/keycloak/keycloak:26.4", (512, 2048)),
        ("confluentinc/cp-kafka:8.1.0", (512, 2048)),
        ("confluentinc/cp-schema-registry:8.1.0", (512, 2048)),
        ("gitlab/gitlab-ce:18.6.0-ce.0", (2048, 8192)),
        ("public.ecr.aws/docker/library/sonarqube:community", (1024, 4096)),
        ("nextcloud:32-apache", (256, 1024)),
        ("acme/nextcloud:32", (256, 512)),
    ],
)
def test_an_image_gets_what_its_makers_ask_for_where_the_file_says_nothing(
    tmp_path: Path, image: str, size: tuple[int, int]
) -> None:
    assert sized(tmp_path, "restart: always", image) == size


def test_what_the_file_says_counts_before_what_the_makers_ask_for(tmp_path: Path) -> None:
    assert sized(tmp_path, "mem_limit: 1g", "jenkins/jenkins:lts") == (512, 1024)
    assert sized(tmp_path, "x-aws: {cpu: 0.25, memory: 512MB}", "jenkins/jenkins:lts") == (256, 512)


@pytest.mark.parametrize(
    ("dockerfile", "size"),
    [
        ("FROM eclipse-temurin:21-jre\nCOPY app.jar .", (512, 1024)),
        ("FROM maven:3-eclipse-temurin-21 AS build\nFROM debian:13\nCOPY --from=build /a /a", (256, 512)),
        ("ARG V=21\nFROM amazoncorretto:${V}-alpine", (512, 1024)),
        ("FROM gcr.io/distroless/java21-debian12@sha256:0123\nCOPY a.jar /", (512, 1024)),
        ("FROM eclipse-temurin:21 AS base\nFROM base\nCOPY a.jar /", (512, 1024)),
        ("ARG BASE=x\nFROM ${BASE}:1", (256, 512)),
        ("FROM node:24", (256, 512)),
    ],
)
def test_an_image_that_is_built_gets_what_its_base_needs(
    tmp_path: Path, dockerfile: str, size: tuple[int, int]
) -> None:
    made = planned(tmp_path, "services:\n  api: {build: .}\n", {"Dockerfile": dockerfile}, tier="development")
    assert (task(made, "api").cpu, task(made, "api").memory) == size


@pytest.mark.parametrize(
    ("body", "memory"),
    [
        ("environment: {JAVA_OPTS: '-Xms1g -Xmx2g'}", 3072),
        ("command: java -Xmx1536m -jar app.jar", 3072),
        ("environment: ['NODE_OPTIONS=--max-old-space-size=2048']", 3072),
        ("environment: {JAVA_OPTS: -Xmx256m}", 512),
        ("environment: {JAVA_OPTS: -Xmx2g}\n    mem_limit: 1g", 1024),
    ],
)
def test_a_heap_that_is_asked_for_has_room(tmp_path: Path, body: str, memory: int) -> None:
    assert sized(tmp_path, body)[1] == memory


def test_every_known_size_is_fargates_and_says_where_it_comes_from() -> None:
    for row in size_table():
        assert fargate_size(row.cpu, row.memory) == (row.cpu, row.memory), row.images
        assert row.says
        assert all(":" not in pattern for pattern in row.images)


def test_the_containers_of_a_task_are_summed(tmp_path: Path) -> None:
    text = """
    services:
      api: {image: a, cpus: 1, mem_limit: 1536m}
      side: {image: b, network_mode: "service:api", cpus: 0.5, mem_limit: 600m}
    """
    made = planned(tmp_path, text, tier="development")
    assert (task(made, "api").cpu, task(made, "api").memory) == (2048, 4096)


def test_the_proxy_has_memory_beside_what_the_file_says(tmp_path: Path) -> None:
    body = "expose: [80]\n    mem_limit: 2048m"
    assert sized(tmp_path, body, tier="production") == (512, 3072)
    assert sized(tmp_path, body, tier="development") == (256, 2048)
    assert sized(tmp_path, "expose: [80]", tier="production") == (256, 512)


@pytest.mark.parametrize("body", ["cpus: 33", "mem_limit: 245g"])
def test_what_is_larger_than_the_largest_is_refused(tmp_path: Path, body: str) -> None:
    made = planned(tmp_path, f"services:\n  api:\n    image: a\n    {body}\n")
    assert refused(made) == {"services.api": "too-large"}
    assert "32 vCPU" in decision(made, "services.api").reason


def test_every_key_of_the_size_is_decided(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api:
            image: a
            cpus: 1
            mem_limit: 1g
            mem_reservation: 1g
            deploy: {resources: {limits: {cpus: "1", memory: 1G}, reservations: {cpus: "1", memory: 1G}}}
            x-aws: {cpu: 1, memory: 1GB, architecture: arm64}
        """,
    )
    for path in (
        "cpus",
        "mem_limit",
        "mem_reservation",
        "deploy.resources.limits.cpus",
        "deploy.resources.limits.memory",
        "deploy.resources.reservations.cpus",
        "deploy.resources.reservations.memory",
    ):
        assert outcome(made, f"services.api.{path}") == "adapted"
    for key in ("cpu", "memory", "architecture"):
        assert outcome(made, f"services.api.x-aws.{key}") == "translated"
