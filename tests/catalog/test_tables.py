"""The tables of `mappings/`: they are well-formed, agree with each other, and leave no key of Compose out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

import compose2aws
from compose2aws.catalog import MappingError, load_catalog, parse_image
from compose2aws.catalog.image import is_image

MAPPINGS = Path(__file__).parents[2] / "mappings"
SCHEMA = Path(compose2aws.__file__).parent / "compose" / "compose.schema.yaml"
IMAGES = sorted((MAPPINGS / "images").glob("*.yaml"))

# They are read and gone before anybody decides: what they bring stands in the other keys, or is Docker's alone.
RESOLVED_BY_THE_LOADER = {"env_file", "extends", "label_file", "pull_refresh_after"}


def read(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


def keys_of(definition: str) -> set[str]:
    return set(read(SCHEMA)["$defs"][definition]["properties"])


@pytest.mark.parametrize("key", sorted(keys_of("service") - RESOLVED_BY_THE_LOADER))
def test_every_key_of_a_service_has_a_row(key: str) -> None:
    rows = [row for row in load_catalog().keys if row.pattern[0] == "services" and row.pattern[2:3] == (key,)]
    assert rows, f"mappings/keys.yaml says nothing of services.*.{key}"


@pytest.mark.parametrize("key", sorted(keys_of("deploy")))
def test_every_key_of_deploy_has_a_row(key: str) -> None:
    prefix = ("services", "*", "deploy", key)
    assert any(row.pattern[:4] == prefix for row in load_catalog().keys)


@pytest.mark.parametrize("section", ["networks", "volumes", "configs", "secrets", "models"])
def test_every_section_has_a_row(section: str) -> None:
    assert any(row.pattern == (section, "*") for row in load_catalog().keys)


def test_no_row_is_about_a_key_that_compose_does_not_have() -> None:
    known = keys_of("service")
    for row in load_catalog().keys:
        if row.pattern[0] == "services" and len(row.pattern) > 2:
            assert row.pattern[2] in known, ".".join(row.pattern)


def test_rows_say_how_and_findings_have_a_code() -> None:
    for row in load_catalog().keys:
        assert row.how, ".".join(row.pattern)
        assert not (row.severity and not row.code), ".".join(row.pattern)
        assert row.decided == "planner" or len(row.outcomes) == 1, ".".join(row.pattern)
        # what is left out without a word would be silent
        if row.decided == "table" and row.outcomes[0] == "dropped":
            assert row.severity, ".".join(row.pattern)


@pytest.mark.parametrize("file", IMAGES, ids=lambda file: file.name)
def test_a_mapping_is_what_its_schema_says(file: Path) -> None:
    validator = jsonschema_rs.validator_for(read(MAPPINGS / "mapping.schema.yaml"))
    data = json.loads(json.dumps(read(file)))  # with keys as JSON has them
    assert [error.message for error in validator.iter_errors(data)] == []


def test_mappings_have_names_of_their_own() -> None:
    names = [mapping.name for mapping in load_catalog().mappings]
    assert len(names) == len(set(names))


def test_every_offered_major_can_be_created() -> None:
    catalog = load_catalog()
    for mapping in catalog.mappings:
        rule = mapping.versions
        if rule is None:
            continue
        assert rule.latest in rule.majors, mapping.name
        for major in rule.majors:
            assert catalog.creatable(rule.engine, major), (mapping.name, major)


def test_the_versions_say_where_they_are_from_and_when() -> None:
    table = read(MAPPINGS / "versions.yaml")
    assert table["source"].startswith("cfn-lint ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", table["date"])


@pytest.mark.parametrize(
    ("image", "mapping"),
    [
        ("postgres:16-alpine", "postgres"),
        ("library/postgres", "postgres"),
        ("docker.io/library/postgres:16", "postgres"),
        ("public.ecr.aws/docker/library/postgres:16", "postgres"),
        ("pgvector/pgvector:pg16", "postgres"),
        ("bitnamilegacy/postgresql:15", "postgres"),
        ("timescale/timescaledb:latest-pg16", "extended-postgres"),
        ("ghcr.io/acme/postgres:16", None),
        ("redis/redis-stack:latest", "redis-modules"),
        ("valkey/valkey:8-alpine", "redis"),
        ("mongo-express", "development-tools"),
        ("nginx", None),
    ],
)
def test_images_are_known_by_their_repository(image: str, mapping: str | None) -> None:
    found = load_catalog().mapping(parse_image(image))
    assert (found.name if found else None) == mapping


def test_own_mappings_stand_before_ours(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text("{name: own, title: Own, becomes: container, images: [postgres], memory: 2048}")
    found = load_catalog([tmp_path]).mapping(parse_image("postgres:16"))
    assert found is not None and found.name == "own"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("{name: own, title: Own, becomes: contaner, images: [x]}", "becomes"),
        ("{name: own, title: Own, becomes: container, images: [x], colour: red}", "colour"),
        ("{name: own, title: Own, becomes: aurora-postgresql, images: [x]}", "versions"),
        ("name: [", "YAML"),
    ],
)
def test_a_mapping_that_is_wrong_is_told_with_its_file(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "own.yaml").write_text(text)
    with pytest.raises(MappingError) as caught:
        load_catalog([tmp_path])
    assert "own.yaml" in caught.value.problems[0]
    assert any(told in problem for problem in caught.value.problems)


def test_numbers_as_keys_are_taken(tmp_path: Path) -> None:
    text = "{name: own, title: Own, becomes: container, images: [x], protocols: {9000: tcp}, note: 2026-01-01}"
    (tmp_path / "own.yaml").write_text(text)
    found = load_catalog([tmp_path]).mapping(parse_image("x"))
    assert found is not None and dict(found.protocols) == {9000: "tcp"}


def test_an_empty_folder_of_mappings_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MappingError):
        load_catalog([tmp_path])


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("postgres", "docker.io", "postgres", None, None),
        ("postgres:16", "docker.io", "postgres", "16", None),
        ("ghcr.io/a/b:1@sha256:ab", "ghcr.io", "a/b", "1", "sha256:ab"),
        ("localhost:5000/x", "localhost:5000", "x", None, None),
        ("a/b", "docker.io", "a/b", None, None),
        ("index.docker.io/library/redis:7", "docker.io", "redis", "7", None),
    ],
)
def test_references_are_read_as_docker_reads_them(
    text: str, registry: str, repository: str, tag: str | None, digest: str | None
) -> None:
    image = parse_image(text)
    assert (image.registry, image.repository, image.tag, image.digest) == (registry, repository, tag, digest)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("postgres", True),
        ("ghcr.io/acme/my-app_x:1.0-alpine", True),
        ("localhost:5000/a/b", True),
        ("acme/api@sha256:" + "0" * 64, True),
        ("111122223333.dkr.ecr.eu-west-1.amazonaws.com/api:latest", True),
        ("apache/airflow:|version|", False),
        ("acme/Api", False),
        ("acme/api:a b", False),
        ("acme/api:", False),
        ("", False),
    ],
)
def test_an_image_is_what_docker_reads_as_one(reference: str, expected: bool) -> None:
    assert is_image(reference) is expected
