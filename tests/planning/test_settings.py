"""`x-aws`: every error with its position and the nearest name, and what the settings say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.catalog.catalog import settings_schema
from compose2aws.compose import ComposeError, Diagnostic
from compose2aws.planning.settings import Settings, mebibytes, read_settings
from tests.planning.projects import read

SERVICES = """\
services:
  api:
    image: acme/api
    x-aws: {cpu: 0.5, memory: 1GB, spot: false}
  web:
    image: acme/web
"""


def settings(folder: Path, compose: str, tier: str | None = None) -> Settings:
    return read_settings(read(folder, compose), tier)


def errors(folder: Path, compose: str) -> tuple[Diagnostic, ...]:
    with pytest.raises(ComposeError) as raised:
        settings(folder, compose)
    return raised.value.diagnostics


def top(folder: Path, line: str) -> tuple[Diagnostic, ...]:
    """The errors of one setting at the top, which stands in line 8."""
    return errors(folder, f"{SERVICES}x-aws:\n  {line}\n")


def inner(folder: Path, line: str) -> tuple[Diagnostic, ...]:
    """The errors of one setting of a service, which stands in line 5."""
    return errors(folder, f"services:\n  api:\n    image: acme/api\n    x-aws:\n      {line}\n")


@pytest.mark.parametrize(
    ("key", "meant"),
    [("domian", "domain"), ("teir", "tier"), ("hosted_zone", "hosted-zone"), ("certificat", "certificate")],
)
def test_a_misspelt_setting_is_an_error_that_names_the_nearest(tmp_path: Path, key: str, meant: str) -> None:
    (error,) = top(tmp_path, f"{key}: whatever")
    assert (error.code, error.path) == ("unknown-setting", ("x-aws", key))
    assert f"unknown setting {key!r}; did you mean {meant!r}?" in error.message
    assert str(error.position) == "compose.yaml:8:3"


def test_a_setting_that_is_like_no_other_is_an_error_that_names_them_all(tmp_path: Path) -> None:
    (error,) = inner(tmp_path, "zzz: 1")
    assert "known are managed, public, host" in error.message
    assert str(error.position) == "compose.yaml:5:7"


def test_a_misspelt_setting_inside_a_setting_is_found_too(tmp_path: Path) -> None:
    (error,) = inner(tmp_path, "autoscale: {max: 3, maximun: 4, memroy: 50}")[:1]
    assert error.path[:4] == ("services", "api", "x-aws", "autoscale")
    everything = inner(tmp_path, "autoscale: {max: 3, memroy: 50}")
    assert ["did you mean 'memory'?" in error.message for error in everything] == [True]


@pytest.mark.parametrize(
    "line",
    [
        "tier: staging",
        "domain: 12",
        "domain: Not A Domain",
        "domain: https://example.com",
        "hosted-zone: example.com",
        "certificate: mine",
        "discovery: mesh",
        "search-domain: yes",
        "tls: true",
        "alarms: nobody",
        "vpc: vpc-1234",
        "vpc: {id: vpc-12, public-subnets: [subnet-1]}",
        "vpc: {id: vpc-12, public-subnets: [subnet-1], private-subnets: [subnet-2, subnet-3]}",
        "restore: snapshot",
        "patches: [{stack: elsewhere, op: add, path: /x}]",
        "patches: [{op: add, path: /x}]",
    ],
)
def test_a_setting_of_the_wrong_form_is_an_error_in_its_line(tmp_path: Path, line: str) -> None:
    found = top(tmp_path, line)
    assert {error.code for error in found} == {"invalid-setting"}
    assert {(error.position.file, error.position.line) for error in found if error.position} == {("compose.yaml", 8)}
    assert all(error.message and error.path[:2] == ("x-aws", line.partition(":")[0]) for error in found)


@pytest.mark.parametrize(
    "line",
    [
        "public: maybe",
        "managed: 3",
        "host: UPPER",
        "path: api",
        "priority: 0",
        "priority: 50001",
        "protocol: sctp",
        "registry-credentials: me",
        "cpu: 0",
        "memory: [1]",
        "memory: much",
        "architecture: mips",
        "spot: 1",
        "autoscale: {min: 1}",
        "autoscale: {max: 0}",
        "schedule: every night",
        "policies: arn:aws:iam::aws:policy/X",
    ],
)
def test_a_setting_of_a_service_of_the_wrong_form_is_an_error_in_its_line(tmp_path: Path, line: str) -> None:
    found = inner(tmp_path, line)
    assert {error.code for error in found} == {"invalid-setting"}
    assert {error.position.line for error in found if error.position} == {5}
    assert all(error.path[:4] == ("services", "api", "x-aws", line.partition(":")[0]) for error in found)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "domain: https://example.com/",
            "found 'https://example.com/', wanted a domain in small letters, without https://",
        ),
        ("tier: prod", "found 'prod', wanted development or production"),
        ("alarms: nobody", "found 'nobody', wanted a mail address, such as ops@example.com"),
        ("restore: [a]", "found ['a'], wanted a mapping (key: value)"),
        ("vpc: {id: vpc-12, public-subnets: [subnet-1, subnet-2]}", "`private-subnets` is missing"),
        (
            "vpc: {id: vpc-12, public-subnets: [subnet-1], private-subnets: []}",
            "found ['subnet-1'], wanted 2 or more in",
        ),
        ("tls: true", "found true, wanted required"),
    ],
)
def test_an_error_says_in_words_what_is_wanted(tmp_path: Path, line: str, message: str) -> None:
    assert message in top(tmp_path, line)[0].message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("cpu: lots", "found 'lots', wanted a number"),
        ("cpu: 0", "found 0, wanted more than 0"),
        ("managed: 3", "found 3, wanted a text or true or false"),
        ("autoscale: [a]", "found ['a'], wanted a mapping (key: value)"),
        ("autoscale: {min: 1}", "`max` is missing"),
        ("autoscale: {max: 3, cpu: 101}", "found 101, wanted 100 or less"),
        ("autoscale: {min: 5, max: 1}", "found 5, wanted 1 or less: it is the fewest tasks"),
        ("priority: 0", "found 0, wanted 1 or more"),
        ("host: https://api.example.com", "wanted a name in small letters, without https://"),
        ("path: api", "found 'api', wanted a path that begins with /"),
        ("policies: [x]", "found 'x', wanted a managed policy's ARN"),
        (f"was: '{'x ' * 100}'", "…, wanted the name of a service"),
    ],
)
def test_an_error_of_a_services_setting_says_so_too(tmp_path: Path, line: str, message: str) -> None:
    (error,) = inner(tmp_path, line)
    assert message in error.message


def test_no_form_is_told_as_a_pattern() -> None:
    def patterns(part: object) -> Iterator[dict[str, object]]:
        if isinstance(part, dict):
            if isinstance(part.get("pattern"), str):
                yield part
            for below in part.values():
                yield from patterns(below)

    found = list(patterns(settings_schema()))
    assert len(found) > 10
    assert all("patternErrorMessage" in part for part in found)


def test_x_aws_that_is_no_mapping_is_an_error(tmp_path: Path) -> None:
    assert errors(tmp_path, f"{SERVICES}x-aws: production\n")
    assert errors(tmp_path, "services:\n  api:\n    image: a\n    x-aws: [public]\n")


def test_an_empty_x_aws_says_nothing(tmp_path: Path) -> None:
    made = settings(tmp_path, "services:\n  api:\n    image: a\n    x-aws:\nx-aws:\n")
    assert made.production
    assert made.domain is None


def test_every_error_of_every_block_is_told_at_once(tmp_path: Path) -> None:
    found = errors(
        tmp_path,
        """
        services:
          api: {image: a, x-aws: {pulbic: true, cpu: -1}}
          web: {image: b, x-aws: {prioritiy: 3}}
        x-aws: {tier: huge}
        """,
    )
    assert {error.path for error in found} == {
        ("services", "api", "x-aws", "pulbic"),
        ("services", "api", "x-aws", "cpu"),
        ("services", "web", "x-aws", "prioritiy"),
        ("x-aws", "tier"),
    }


def test_restore_names_a_service_of_the_file(tmp_path: Path) -> None:
    (error,) = top(tmp_path, "restore: {wep: snapshot-1}")
    assert error.code == "unknown-service"
    assert "did you mean 'web'?" in error.message


def test_an_error_never_repeats_a_value_of_the_environment(tmp_path: Path) -> None:
    project = read(
        tmp_path,
        f"{SERVICES}x-aws: {{alarms: '${{DB_PASSWORD}}'}}\n",
        environment={"DB_PASSWORD": "sesame-sesame"},
    )
    with pytest.raises(ComposeError) as raised:
        read_settings(project)
    assert "sesame-sesame" not in repr([error.message for error in raised.value.diagnostics])


def test_production_is_the_default_and_the_command_line_wins(tmp_path: Path) -> None:
    assert settings(tmp_path, SERVICES).tier == "production"
    development = f"{SERVICES}x-aws: {{tier: development}}\n"
    assert settings(tmp_path, development).tier == "development"
    assert settings(tmp_path, development, "production").tier == "production"
    assert settings(tmp_path, SERVICES, "development").tier == "development"


def test_discovery_follows_the_tier_unless_the_file_says(tmp_path: Path) -> None:
    assert settings(tmp_path, SERVICES).connect
    assert not settings(tmp_path, SERVICES, "development").connect
    assert settings(tmp_path, f"{SERVICES}x-aws: {{discovery: connect}}\n", "development").connect
    assert not settings(tmp_path, f"{SERVICES}x-aws: {{discovery: dns}}\n").connect


def test_a_network_that_is_not_ours_takes_the_sidecar_for_bare_names(tmp_path: Path) -> None:
    assert settings(tmp_path, SERVICES).search_domain == "dhcp"
    theirs = "vpc: {id: vpc-1, public-subnets: [subnet-1, subnet-2], private-subnets: [subnet-3, subnet-4]}"
    made = settings(tmp_path, f"{SERVICES}x-aws:\n  {theirs}\n")
    assert made.search_domain == "sidecar"
    assert made.vpc == ("vpc-1", ("subnet-1", "subnet-2"), ("subnet-3", "subnet-4"))


def test_the_settings_of_a_service_are_typed(tmp_path: Path) -> None:
    api = settings(tmp_path, SERVICES).services["api"]
    assert (api.cpu, api.memory, api.spot, api.public) == (0.5, 1024, False, None)


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("512MB", 512),
        ("512m", 512),
        ("1GB", 1024),
        ("2g", 2048),
        ("1.5gb", 1536),
        ("1GiB", 1024),
        ("536870912", 512),
        ("536870912b", 512),
        ("1k", 1),
        ("1048577", 2),
        (" 1 GB ", 1024),
        ("", None),
        ("GB", None),
        ("1TBB", None),
        ("much", None),
        ("1e999", None),
        ("nan", None),
    ],
)
def test_memory_is_read_as_compose_writes_it(text: str, size: int | None) -> None:
    assert mebibytes(text) == size


@given(st.integers(1, 2**50))
def test_a_number_of_bytes_is_rounded_up(size: int) -> None:
    found = mebibytes(str(size))
    assert found is not None
    assert 0 <= found * 1024**2 - size < 1024**2 or found == 1
