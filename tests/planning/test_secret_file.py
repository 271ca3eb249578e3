"""Compose secrets: files that a first container writes."""

from __future__ import annotations

import json
from pathlib import Path

from compose2aws.cloudformation import emit, render
from compose2aws.planning.identity import first_container
from compose2aws.planning.model import Parameter, Plan, VolumeMount
from tests.planning.projects import becomes, container, outcome, planned, task

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
