"""AWS's limits: what passes one is told before AWS refuses it, with the limit and a way out."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.cloudformation import LimitError, emit
from compose2aws.planning.model import Plan
from tests.planning.projects import balancer, decision, finding, planned, refused


def published(folder: Path, count: int, first: int = 1000, more: str = "", protocol: str = "http") -> Plan:
    """So many services, each with a published port of its own."""
    services = "".join(
        f"  s{n}: {{image: acme/s, ports: ['{first + n}:80'], x-aws: {{protocol: {protocol}}}}}\n" for n in range(count)
    )
    return planned(folder, f"services:\n{services}{more}")


DOMAIN = "x-aws: {domain: example.com}\n"


@pytest.mark.parametrize(
    ("protocol", "more", "most"),
    [("http", DOMAIN, 100), ("http", "", 50), ("tcp", "", 50), ("udp", "", 50)],
)
def test_a_balancer_that_is_full_takes_no_further_port(tmp_path: Path, protocol: str, more: str, most: int) -> None:
    assert refused(published(tmp_path, most, more=more, protocol=protocol)) == {}
    made = published(tmp_path, most + 2, more=more, protocol=protocol)
    late = {f"services.s{most}.ports[0]": "balancer-full", f"services.s{most + 1}.ports[0]": "balancer-full"}
    assert refused(made) == late
    assert f"at most {most}" in decision(made, f"services.s{most}.ports[0]").reason
    of = balancer(made, "application" if protocol == "http" else "network")
    assert len(of.target_groups) == most


def secret(folder: Path, size: int) -> Plan:
    compose = """
    services:
      api: {image: acme/api, secrets: [key]}
    secrets: {key: {file: ./key.pem}}
    """
    return planned(folder, compose, {"key.pem": "x" * size})


@pytest.mark.parametrize(
    ("size", "code"),
    [(1, None), (4096, None), (4097, "secret-too-long"), (70_000, "secret-too-long"), (0, "secret-empty")],
)
def test_a_file_of_a_secret_is_as_long_as_a_parameter_may_be(tmp_path: Path, size: int, code: str | None) -> None:
    made = secret(tmp_path, size)
    assert refused(made) == ({"services.api.secrets[0]": code} if code else {})
    if code:
        assert f"{size} bytes" in finding(made, code).message
        assert "4096" in finding(made, code).message


def test_a_variable_of_a_secret_is_as_long_as_a_parameter_may_be(tmp_path: Path) -> None:
    compose = "services:\n  api: {image: a, secrets: [key]}\nsecrets: {key: {environment: KEY}}\n"
    assert refused(planned(tmp_path, compose, environment={"KEY": "x" * 4096})) == {}
    assert refused(planned(tmp_path, compose, environment={"KEY": "x" * 4097})) == {
        "services.api.secrets[0]": "secret-too-long"
    }


def with_secrets(folder: Path, count: int) -> Plan:
    lines = "".join(f"      KEY_{n}_PASSWORD: hunter{n}\n" for n in range(count))
    return planned(folder, f"services:\n  api:\n    image: acme/api\n    environment:\n{lines}")


def test_the_policies_of_a_role_are_as_long_as_iam_takes(tmp_path: Path) -> None:
    assert emit(with_secrets(tmp_path, 60)).stacks
    with pytest.raises(LimitError, match=r"ApiExecutionRole have some \d+ characters; IAM takes 10240 in a role"):
        emit(with_secrets(tmp_path, 120))


def test_statements_of_ones_own_count_too(tmp_path: Path) -> None:
    def stating(count: int) -> Plan:
        names = ", ".join(f"'arn:aws:s3:::bucket-with-a-long-name-{n}'" for n in range(count))
        policy = f"{{Effect: Allow, Action: 's3:GetObject', Resource: [{names}]}}"
        return planned(tmp_path, f"services:\n  api: {{image: acme/api, x-aws: {{policies: [{policy}]}}}}\n")

    assert emit(stating(50)).stacks
    with pytest.raises(LimitError, match="ApiTaskRole"):
        emit(stating(300))


def test_sixty_dynamic_references_of_the_base_are_the_limit(tmp_path: Path) -> None:
    services = "".join(
        f"  d{n}: {{image: 'rabbitmq:3', environment: {{RABBITMQ_DEFAULT_PASS: p}}}}\n" for n in range(61)
    )
    with pytest.raises(LimitError, match=r"61 dynamic references; CloudFormation takes 60 .* two projects"):
        emit(planned(tmp_path, f"services:\n{services}"))
