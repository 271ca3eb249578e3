"""What a compose service becomes: the first rule that matches wins."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.kind import Kind, classify
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.settings import read_settings
from compose2aws.planning.source import sources
from tests.planning.projects import catalog, codes, decision, finding, outcome, planned, read


def kinds(folder: Path, compose: str) -> dict[str, Kind]:
    project = read(folder, compose)
    return classify(tuple(sources(project, read_settings(project))), catalog(), Ledger(project.root))


def kind(folder: Path, body: str, others: str = "") -> str:
    """The kind of a service `it`; `body` and `others` are lines of YAML."""
    return kinds(folder, f"services:\n  it:\n    {body}\n{others}")["it"].what


@pytest.mark.parametrize(
    "image",
    [
        "postgres",
        "postgres:16-alpine",
        "docker.io/library/postgres:16",
        "postgis/postgis:16-3.4",
        "pgvector/pgvector:pg16",
        "bitnami/postgresql:16",
        "bitnamilegacy/postgresql:16",
        "mysql:8",
        "percona:8",
        "mariadb:11",
        "redis:7",
        "valkey/valkey:8",
        "eqalpha/keydb",
        "docker.dragonflydb.io/dragonflydb/dragonfly",
        "bitnami/redis",
        "mongo:7",
    ],
)
def test_databases_and_caches_move_to_managed_services(tmp_path: Path, image: str) -> None:
    assert kind(tmp_path, f"image: {image}") == "managed"


@pytest.mark.parametrize(
    "image",
    [
        "redis/redis-stack:latest",
        "timescale/timescaledb:latest-pg16",
        "citusdata/citus",
        "apache/age",
        "elasticsearch:8.15.0",
        "minio/minio",
        "clickhouse/clickhouse-server",
        "confluentinc/cp-kafka",
        "ghcr.io/acme/postgres",
        "acme/postgres:16",
        "acme/api",
        "adminer",
    ],
)
def test_what_no_unchanged_client_could_use_stays_a_container(tmp_path: Path, image: str) -> None:
    assert kind(tmp_path, f"image: {image}") == "service"


def test_managed_false_keeps_the_container(tmp_path: Path) -> None:
    assert kind(tmp_path, "image: postgres:16\n    x-aws: {managed: false}") == "service"


def test_a_mapping_is_taken_by_its_name(tmp_path: Path) -> None:
    made = kinds(tmp_path, "services:\n  it:\n    image: acme/own-postgres:16\n    x-aws: {managed: postgres}\n")
    assert made["it"].what == "managed"
    assert made["it"].mapping is not None
    assert made["it"].mapping.name == "postgres"


def test_a_mapping_that_does_not_exist_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  it:\n    image: acme/db\n    x-aws: {managed: postgers}\n")
    assert outcome(made, "services.it.x-aws.managed") == "refused"
    assert "did you mean 'postgres'?" in decision(made, "services.it.x-aws.managed").reason


def test_an_image_that_the_project_builds_is_its_own_whatever_its_name(tmp_path: Path) -> None:
    assert kind(tmp_path, "image: postgres:16\n    build: .") == "service"
    assert kind(tmp_path, "image: postgres:16\n    build: .\n    x-aws: {managed: postgres}") == "managed"


def test_a_managed_image_is_managed_even_where_it_looks_like_a_job(tmp_path: Path) -> None:
    assert kind(tmp_path, "image: postgres:16\n    restart: 'no'") == "managed"


def test_what_shares_a_services_network_is_its_sidecar(tmp_path: Path) -> None:
    assert kind(tmp_path, "image: acme/it\n    network_mode: service:api", "  api: {image: acme/api}\n") == "sidecar"


def test_what_others_wait_for_to_complete_is_a_job(tmp_path: Path) -> None:
    gate = "  api:\n    image: acme/api\n    depends_on: {it: {condition: service_completed_successfully}}\n"
    assert kind(tmp_path, "image: acme/it", gate) == "job"
    # and it stays one whatever else it says
    assert kind(tmp_path, "image: acme/it\n    restart: always\n    ports: ['80:80']", gate) == "job"


@pytest.mark.parametrize("mode", ["replicated-job", "global-job"])
def test_a_swarm_job_is_a_job(tmp_path: Path, mode: str) -> None:
    assert kind(tmp_path, f"image: acme/it\n    deploy: {{mode: {mode}}}") == "job"


def test_what_has_a_schedule_is_a_job(tmp_path: Path) -> None:
    assert kind(tmp_path, "image: acme/it\n    x-aws: {schedule: rate(1 hour)}") == "job"


def test_what_says_that_it_ends_and_serves_nobody_is_a_job(tmp_path: Path) -> None:
    assert kind(tmp_path, "image: acme/it\n    restart: 'no'") == "job"
    assert kind(tmp_path, "image: acme/it\n    restart: no") == "job"
    assert kind(tmp_path, "image: acme/it\n    deploy: {restart_policy: {condition: none}}") == "job"


@pytest.mark.parametrize(
    "body",
    [
        "image: acme/it",
        "image: acme/it\n    restart: on-failure",
        "image: acme/it\n    restart: always",
        "image: acme/it\n    restart: unless-stopped",
        "image: acme/it\n    restart: 'no'\n    ports: ['80:80']",
        "image: acme/it\n    restart: 'no'\n    healthcheck: {test: 'true'}",
    ],
)
def test_all_else_is_a_service(tmp_path: Path, body: str) -> None:
    assert kind(tmp_path, body) == "service"


def test_a_health_check_that_is_switched_off_does_not_make_a_service(tmp_path: Path) -> None:
    assert kind(tmp_path, "image: acme/it\n    restart: 'no'\n    healthcheck: {disable: true}") == "job"
    assert kind(tmp_path, "image: acme/it\n    restart: 'no'\n    healthcheck: {test: [NONE]}") == "job"


@pytest.mark.parametrize("condition", ["service_started", "service_healthy"])
def test_what_others_want_running_is_no_job(tmp_path: Path, condition: str) -> None:
    waiting = f"  api:\n    image: acme/api\n    depends_on: {{it: {{condition: {condition}}}}}\n"
    assert kind(tmp_path, "image: acme/it\n    restart: 'no'", waiting) == "service"


@pytest.mark.parametrize("value", ["http://it:8080/v1", "it:9090", "tcp://user@it/x"])
def test_what_others_refer_to_is_no_job(tmp_path: Path, value: str) -> None:
    for line in (f"environment: {{UPSTREAM: '{value}'}}", f"command: [serve, '{value}']"):
        calling = f"  api:\n    image: acme/api\n    {line}\n"
        assert kind(tmp_path, "image: acme/it\n    restart: 'no'", calling) == "service"


@pytest.mark.parametrize("line", ["hostname: other", "container_name: other", "networks: {n: {aliases: [other]}}"])
def test_what_others_refer_to_by_another_name_is_no_job(tmp_path: Path, line: str) -> None:
    calling = "  api:\n    image: acme/api\n    environment: {UPSTREAM: 'http://other:80'}\nnetworks: {n: }\n"
    assert kind(tmp_path, f"image: acme/it\n    restart: 'no'\n    {line}", calling) == "service"


def test_a_name_counts_as_a_reference_only_where_a_host_stands(tmp_path: Path) -> None:
    for line, what in (("IT_HOST: it", "service"), ("KIND: it", "job"), ("IMAGE: acme/it:8080", "job")):
        other = f"  api:\n    image: acme/api\n    environment: {{{line}}}\n"
        assert kind(tmp_path, "image: acme/it\n    restart: 'no'", other) == what


def test_what_refers_to_itself_is_still_a_job(tmp_path: Path) -> None:
    assert kind(tmp_path, "image: acme/it\n    restart: 'no'\n    command: ['http://it:80']") == "job"


@pytest.mark.parametrize("body", ["deploy: {replicas: 0}", "scale: 0"])
def test_a_service_without_replicas_is_left_out_with_a_note(tmp_path: Path, body: str) -> None:
    text = f"services:\n  it:\n    image: postgres:16\n    {body}\n  api: {{image: acme/api}}\n"
    made = planned(tmp_path, text)
    assert (outcome(made, "services.it"), decision(made, "services.it").code) == ("dropped", "no-replicas")
    assert finding(made, "no-replicas").severity == "note"
    assert [workload.name for workload in made.workloads] == ["api"]
    assert made.managed == ()


def test_a_service_of_an_inactive_profile_is_left_out_with_a_note(tmp_path: Path) -> None:
    text = "services:\n  it: {image: acme/it, profiles: [debug]}\n  api: {image: acme/api}\n"
    made = planned(tmp_path, text)
    assert finding(made, "profile-inactive").remedy == "`--profile debug` takes it in"
    assert [workload.name for workload in made.workloads] == ["api"]
    assert [w.name for w in planned(tmp_path, text, profiles=("debug",)).workloads] == ["it", "api"]


def test_a_provider_is_not_run(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  it: {provider: {type: model}}\n  api: {image: acme/api}\n")
    assert outcome(made, "services.it") == "dropped"
    assert "no-image" in codes(made)


@pytest.mark.parametrize("image", ["timescale/timescaledb:latest-pg16", "citusdata/citus", "apache/age"])
def test_an_extension_that_aurora_lacks_is_told(tmp_path: Path, image: str) -> None:
    made = planned(tmp_path, f"services:\n  db: {{image: '{image}'}}\n")
    assert any("Aurora" in f.message for f in made.findings)


def test_why_an_image_stays_is_told_at_its_image_unless_the_file_asks_for_the_container(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  search:\n    image: elasticsearch:8.15.0\n")
    told = finding(made, "kept-as-container")
    assert told.severity == "note"
    assert told.path == ("services", "search", "image")
    assert "OpenSearch" in told.message
    made = planned(tmp_path, "services:\n  search:\n    image: elasticsearch:8.15.0\n    x-aws: {managed: false}\n")
    assert "kept-as-container" not in codes(made)
    assert "kept-as-container" not in codes(planned(tmp_path, "services:\n  api: {image: nginx}\n"))


def test_nothing_is_told_of_a_service_that_is_left_out_but_that_it_is(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  api: {image: acme/api}\n"
        "  tool: {image: acme/tool, profiles: [tools], command: 'migrate && seed', environment: {A: '${UNSET}x'}}\n",
    )
    assert {f.code for f in made.findings if "tool" in f.message or f.code in ("command-cut", "unset-variable")} == {
        "profile-inactive"
    }
