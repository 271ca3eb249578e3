"""Compose secrets: files that a first container writes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.cloudformation import emit, render
from compose2aws.planning.identity import first_container, secret_variable
from compose2aws.planning.model import BuiltImage, Parameter, Plan, VolumeMount
from tests.planning.projects import becomes, codes, container, finding, outcome, planned, refused, task

TEXT = """
services:
  api:
    image: acme/api
    secrets:
      - db_password
      - {source: token, target: /etc/app/token, uid: "1000", gid: "1001", mode: 0400}
      - {source: token, target: again}
      - outside
secrets:
  db_password: {file: ./secret/password.txt}
  token: {environment: API_TOKEN}
  outside: {external: true}
  unused: {file: ./secret/password.txt}
"""
FILES = {"secret/password.txt": "sesame-file"}


def made_of(folder: Path) -> Plan:
    return planned(folder, TEXT, FILES, environment={"API_TOKEN": "sesame-variable"})


def parameter(made: Plan, name: str) -> Parameter:
    return next(parameter for parameter in made.parameters if parameter.name == name)


def test_a_secret_is_a_no_echo_parameter_and_a_secret_of_its_own(tmp_path: Path) -> None:
    made = made_of(tmp_path)
    sources = {p.name: p.source for p in made.parameters}
    assert sources == {
        "ApiToken": "variable:API_TOKEN",
        next(name for name in sources if name.startswith("DbPassword")): "file:db_password",
        "OutsideSecretFile": "external:outside",
    }
    assert all(p.secret and p.required for p in made.parameters)
    assert {secret.id.logical_id for secret in made.secrets} == {f"{name}Stored" for name in sources}


def test_its_value_is_never_written(tmp_path: Path) -> None:
    made = made_of(tmp_path)
    files = render(emit(made))
    assert "sesame" not in "".join(content.decode() for content in files.values())
    assert "sesame" not in repr(made.decisions) + repr(made.findings)


def test_a_first_container_writes_the_files_and_the_service_reads_them(tmp_path: Path) -> None:
    made = made_of(tmp_path)
    writer, api = container(made, first_container("secrets", "api")), container(made, "api")
    assert not writer.essential
    assert [(one.container, one.condition) for one in api.depends_on] == [
        (first_container("secrets", "api"), "SUCCESS")
    ]
    assert {mount.container_path for mount in api.mounts} == {"/run/secrets", "/run/compose2aws"}
    assert all(mount.read_only for mount in api.mounts)
    assert {VolumeMount(m.volume, m.container_path) for m in api.mounts} == set(writer.mounts)
    assert {volume.name for volume in task(made, "api").volumes} == {mount.volume for mount in api.mounts}
    assert all(variable.secret for variable in writer.environment)
    script = str((writer.command or ("",))[0])
    for words in (
        "> '/run/secrets/db_password'",
        "mkdir -p '/run/compose2aws/etc/app'",
        "> '/run/compose2aws/etc/app/token' && chmod 0400 '/run/compose2aws/etc/app/token'",
        "chown 1000:1001 '/run/compose2aws/etc/app/token'",
        "> '/run/secrets/again'",
    ):
        assert words in script


def test_every_use_and_every_declaration_is_decided(tmp_path: Path) -> None:
    made = made_of(tmp_path)
    assert {outcome(made, f"services.api.secrets[{index}]") for index in range(4)} == {"adapted"}
    assert becomes(made, "services.api.secrets[1]") == {"ApiTokenStored", "ApiTaskDefinition"}
    assert outcome(made, "secrets.unused") == "inert"
    assert outcome(made, "secrets.outside") == "adapted"


def test_two_services_that_share_a_secret_share_its_parameter(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api: {image: a, secrets: [token]}
          web: {image: b, secrets: [token]}
        secrets: {token: {file: ./token}}
        """,
        {"token": "sesame"},
    )
    assert len(made.parameters) == len(made.secrets) == 1


def test_a_variable_that_is_a_secret_somewhere_is_one_everywhere(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api: {image: a, secrets: [plain], environment: {SHOWN: "${PLAIN}"}}
        secrets: {plain: {environment: PLAIN}}
        """,
    )
    assert parameter(made, "Plain").secret
    (base, app) = emit(made).stacks
    for stack in (base, app):
        declared = stack.template.get("Parameters", {}).get("Plain")
        assert declared is None or declared["NoEcho"] is True, json.dumps(declared)


def test_a_quote_in_a_path_does_not_end_it(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api: {image: a, secrets: [{source: s, target: "/etc/it's"}]}
        secrets: {s: {file: ./s}}
        """,
        {"s": "x"},
    )
    script = str((container(made, first_container("secrets", "api")).command or ("",))[0])
    assert r"> '/run/compose2aws/etc/it'\''s'" in script


# ── where the app finds its file ────────────────────────────────────────────────────────────────────────────────────


def with_target(folder: Path, target: str, more: str = "") -> Plan:
    return planned(
        folder,
        f"services:\n  api:\n    image: acme/api\n    secrets: [{{source: s, target: {target}}}]\n    {more}\n"
        "secrets: {s: {file: ./s}}\nvolumes: {data: }\n",
        {"s": "sesame"},
    )


def dockerfile(made: Plan) -> str:
    image = container(made, "api").image
    return (image.target.dockerfile_inline or "") if isinstance(image, BuiltImage) else ""


def script(made: Plan) -> str:
    return str((container(made, first_container("secrets", "api")).command or ("",))[0])


@pytest.mark.parametrize("target", ["s", "deep/s", "/run/secrets/s", "/var/run/secrets/s"])
def test_a_file_below_run_secrets_needs_no_link(tmp_path: Path, target: str) -> None:
    made = with_target(tmp_path, target)
    assert dockerfile(made) == ""
    assert [mount.container_path for mount in container(made, "api").mounts] == ["/run/secrets"]
    assert "> '/run/secrets/" in script(made)


def test_a_file_in_a_folder_of_the_image_hides_nothing_of_it(tmp_path: Path) -> None:
    made = with_target(tmp_path, "/etc/stripe.key")
    assert [mount.container_path for mount in container(made, "api").mounts] == ["/run/compose2aws"]
    assert dockerfile(made).splitlines() == [
        "# syntax=docker/dockerfile:1",
        "FROM --platform=$BUILDPLATFORM public.ecr.aws/docker/library/busybox:1.37 AS links",
        "RUN mkdir /0 && ln -s /run/compose2aws/etc/stripe.key /0/stripe.key",
        "FROM base",
        "COPY --from=links /0/ /etc/",
    ]


def test_a_file_inside_of_a_volume_is_found_by_a_link_in_the_volume(tmp_path: Path) -> None:
    made = with_target(tmp_path, "/data/keys/s", "volumes: ['data:/data']")
    assert dockerfile(made) == ""
    assert "ln -sfn '/run/compose2aws/data/keys/s' '/folders/0/keys/s'" in script(made)
    mounts = {mount.container_path: mount.volume for mount in container(made, first_container("secrets", "api")).mounts}
    assert mounts["/folders/0"] == "DataAccessPoint"
    assert "secret-hidden" not in codes(made)


def test_a_file_that_memory_lies_over_is_an_error(tmp_path: Path) -> None:
    told = finding(with_target(tmp_path, "/scratch/s", "tmpfs: ['/scratch']"), "secret-hidden")
    assert told.severity == "error"
    assert "/run/secrets" in told.remedy


# ── what it holds ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_secret_has_the_value_of_its_variable_or_of_its_file_to_the_last_byte(tmp_path: Path) -> None:
    text = """
    services: {api: {image: acme/api, secrets: [a, b]}}
    secrets: {a: {file: ./a}, b: {environment: B}}
    """
    made = planned(tmp_path, text, {"a": "one\n two\n\n"}, environment={"B": "of-the-environment"})
    assert sorted(p.value or "" for p in made.parameters) == ["of-the-environment", "one\n two\n\n"]
    stands_in = planned(tmp_path, text, environment={secret_variable("a"): "instead"})
    assert sorted(p.value or "" for p in stands_in.parameters) == ["", "instead"]


@pytest.mark.parametrize(
    ("content", "code"), [(b"x" * 4097, "secret-too-long"), (b"\xff\xfe\x00", "secret-not-text"), (b"", "secret-empty")]
)
def test_what_no_parameter_can_hold_is_refused_with_a_way_out(tmp_path: Path, content: bytes, code: str) -> None:
    (tmp_path / "s").write_bytes(content)
    text = "services: {api: {image: acme/api, secrets: [s]}}\nsecrets: {s: {file: ./s}}\n"
    made = planned(tmp_path, text)
    assert refused(made) == {"services.api.secrets[0]": code}
    assert finding(made, code).remedy
    assert refused(planned(tmp_path, text, environment={secret_variable("s"): "fits"})) == {}


@given(st.sets(st.text(alphabet="ab1_.-/A", min_size=1, max_size=6), min_size=2))
def test_no_two_secrets_have_one_variable(names: set[str]) -> None:
    variables = {secret_variable(name) for name in names}
    assert len(variables) == len(names)
    assert all(re.fullmatch(r"[A-Z][A-Z0-9_]*", variable) for variable in variables)
