"""Commands, entrypoints, health checks and labels: a shell puts their secrets in, or they are refused."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from compose2aws.planning.text import Hole, Text
from compose2aws.planning.values.invocation import Invocation, with_variables
from tests.planning.projects import container, planned, refused
from tests.planning.valued import Valued, valued

POSTGRES = """\
  db:
    image: postgres:16
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: sesame-99, POSTGRES_DB: shop}
"""
URL = "postgres://app:sesame-99@db/shop"


def run(lines: str, environment: dict[str, str] | None = None) -> Valued:
    body = "\n".join(f"    {line}" for line in lines.strip().splitlines())
    return valued(f"services:\n  app:\n    image: acme/app\n{body}\n{POSTGRES}", environment)


def words(texts: tuple[Text, ...] | None) -> list[str] | None:
    return None if texts is None else [str(text) for text in texts]


def test_command_without_secrets_stays_as_it_is() -> None:
    result = run('command: ["serve", "--port", "80", "--peer=db:5432", "--level=${LEVEL}"]')
    assert words(result.of().command) == [
        "serve",
        "--port",
        "80",
        "--peer={host of db}:5432",
        "--level={parameter of Level}",
    ]
    assert result.of().entrypoint is None
    assert result.decision("services", "app", "command").outcome == "adapted"


def test_absent_and_cleared_commands_are_told_apart() -> None:
    assert run("user: root").of().command is None
    assert run("command: []\nentrypoint: []").of().command == ()
    assert run("command: null").of().command is None


def test_secret_in_a_command_is_put_in_by_a_shell_where_the_entrypoint_is_known() -> None:
    result = run(f'entrypoint: ["migrate", "-v"]\ncommand: ["--database", "{URL}", "up $$x"]')
    assert words(result.of().entrypoint) == ["sh", "-c"]
    (line,) = words(result.of().command) or []
    assert line == (
        "exec migrate -v --database "
        'postgres://"${COMPOSE2AWS_DB_USER}":"${COMPOSE2AWS_DB_PASSWORD}"@"${COMPOSE2AWS_DB_HOST}"/shop '
        "'up $x'"
    )
    assert result.text("COMPOSE2AWS_DB_PASSWORD") == "{password of db}"
    assert result.variable("COMPOSE2AWS_DB_PASSWORD").secret is not None
    assert result.variable("COMPOSE2AWS_DB_HOST").secret is None
    decision = result.decision("services", "app", "command")
    assert (decision.outcome, decision.code) == ("adapted", "connection")
    assert [id_.logical_id for id_ in decision.becomes] == ["AppTaskDefinition", "DbMasterLogin"]


def test_variable_that_the_container_has_already_is_used() -> None:
    result = run('entrypoint: serve\ncommand: ["--token", "${API_TOKEN}"]\nenvironment: {TOKEN: "${API_TOKEN}"}')
    assert words(result.of().command) == ['exec serve --token "${TOKEN}"']
    assert list(result.texts()) == ["TOKEN"]


@pytest.mark.parametrize(
    ("script", "after"),
    [
        ("wait-for ${TOKEN}; run", 'wait-for "${COMPOSE2AWS_Token}"; run'),
        ('run \\"a ${TOKEN} b\\"', 'run "a ${COMPOSE2AWS_Token} b"'),
        ("run 'a ${TOKEN} b'", "run 'a '\"${COMPOSE2AWS_Token}\"' b'"),
    ],
)
@pytest.mark.parametrize("shell", ['"sh", "-c"', '"/bin/bash", "-ec"', '"/bin/sh", "-x", "-c"'])
def test_shells_script_is_changed_in_place_and_keeps_its_quotes(shell: str, script: str, after: str) -> None:
    result = run(f'command: [{shell}, "{script}"]')
    assert (words(result.of().command) or [])[-1] == after
    assert result.of().entrypoint is None


def test_script_may_stand_in_the_command_of_a_shell_entrypoint() -> None:
    result = run('entrypoint: ["/bin/sh", "-c"]\ncommand: ["run ${TOKEN}"]')
    assert words(result.of().entrypoint) == ["/bin/sh", "-c"]
    assert words(result.of().command) == ['run "${COMPOSE2AWS_Token}"']


@pytest.mark.parametrize(
    "command",
    [
        f'["migrate", "{URL}"]',
        '["server", "--requirepass", "tulips"]',
        '["server", "--api-key=tulips"]',
        '"serve --token ${API_TOKEN}"',
    ],
)
def test_secret_in_a_command_of_an_unknown_entrypoint_is_refused(command: str) -> None:
    result = run(f"command: {command}")
    (refusal,) = result.ledger.refusals
    assert (refusal.path, refusal.code) == (("services", "app", "command"), "secret-in-command")
    assert "tulips" not in result.printed
    assert "sesame" not in result.printed


@pytest.mark.parametrize(
    "command",
    [
        '["-defaultReplicaPlacement=000", "-volumeSizeLimitMB=10240"]',
        '["--token-ttl=30", "--password-file", "/run/x"]',
        '["--key", "server.key"]',
    ],
)
def test_ordinary_options_are_not_taken_for_secrets(command: str) -> None:
    assert run(f"command: {command}").ledger.refusals == ()


@pytest.mark.parametrize(
    ("line", "after"),
    [
        ("serve ${LEVEL} --now", ["serve", "--now"]),
        ("serve --level=${LEVEL}", ["serve", "--level={parameter of Level}"]),
        ("serve --region ${REGION:?where}", ["serve", "--region", "{parameter of Region}"]),
    ],
)
def test_word_of_an_unset_variable_goes_as_in_docker_unless_it_is_required(line: str, after: list[str]) -> None:
    assert words(run(f"command: {line}").of().command) == after


def test_health_command_is_made_of_strings_with_variables_for_what_is_not_known() -> None:
    result = run(
        f'healthcheck: {{test: ["CMD", "check", "{URL}"]}}\nenvironment: {{DB_PASSWORD: sesame-99, DB_HOST: db}}'
    )
    assert result.of().health_command == (
        "CMD-SHELL",
        'check postgres://"${COMPOSE2AWS_DB_USER}":"${DB_PASSWORD}"@"${DB_HOST}"/shop',
    )
    result = run('healthcheck: {test: "ping ${API_TOKEN} || exit 1"}')
    assert result.of().health_command == ("CMD-SHELL", 'ping "${COMPOSE2AWS_ApiToken}" || exit 1')
    result = run('healthcheck: {test: ["CMD", "sh", "-c", "ping ${API_TOKEN}"]}')
    assert result.of().health_command == ("CMD", "sh", "-c", 'ping "${COMPOSE2AWS_ApiToken}"')


@pytest.mark.parametrize("test", [["NONE"], ["CMD", "true"], ["CMD-SHELL", "curl -f http://localhost || exit 1"]])
def test_health_command_without_holes_is_the_files(test: list[str]) -> None:
    assert run(f"healthcheck: {{test: {test}}}").of().health_command == tuple(test)


def test_secret_in_a_label_is_dropped_with_a_finding() -> None:
    result = run('labels: {users: "admin:$$apr1$$aLLYxhdC$$ZAW26eJfBRC8qWjCkcZns.", host: "${DOMAIN}", plain: x}')
    assert [(name, str(text)) for name, text in result.of().labels] == [
        ("host", "{parameter of Domain83762a43}"),
        ("plain", "x"),
    ]
    assert result.decision("services", "app", "labels", "users").outcome == "dropped"
    assert "aLLYxhdC" not in result.printed
    assert [parameter.name for parameter in result.values.parameters] == ["Domain83762a43"]


@pytest.mark.parametrize("secret", ["plain", "with space", "a'b\"c", "$HOME `id` $(id)", "back\\slash", "ümläut;|&<>"])
@pytest.mark.parametrize(
    "script", ["printf %s {}", 'printf %s "{}"', "printf %s 'x'{}", "printf %s '{}'", "printf %s \"x\"'{}'"]
)
def test_shell_gives_the_program_exactly_the_secret(script: str, secret: str) -> None:
    before, after = script.split("{}")
    texts = (Text.of("sh"), Text.of("-c"), Text.of(before, Hole("secret-parameter", "Token"), after))
    changed = with_variables(Invocation(None, texts), lambda hole: "TOKEN")
    assert changed is not None
    assert changed.command is not None
    given = subprocess.run(
        [str(word) for word in changed.command], env={**os.environ, "TOKEN": secret}, capture_output=True, check=True
    ).stdout.decode()
    assert given == shlex.split(before + "X" + after)[2].replace("X", secret)


@pytest.mark.parametrize("word", ["plain", "two words", "a'b", '"', "$x", "", "*"])
def test_shell_gives_the_program_exactly_the_other_words(word: str) -> None:
    texts = (Text.of("printf"), Text.of("<%s>"), Text.of(word), Text.of("--key=", Hole("secret-parameter", "Token")))
    changed = with_variables(Invocation(texts, None), lambda hole: "TOKEN")
    assert changed is not None
    line = [*(changed.entrypoint or ()), *(changed.command or ())]
    given = subprocess.run(
        [str(part) for part in line], env={**os.environ, "TOKEN": "se cret"}, capture_output=True, check=True
    ).stdout.decode()
    assert given == f"<{word}><--key=se cret>"


@pytest.mark.parametrize(
    ("image", "entrypoint", "line"),
    [
        ("hashicorp/vault:1.15", ("sh", "-c"), 'exec docker-entrypoint.sh server -dev-root-token-id="${COMPOSE2AWS_'),
        ("inngest/inngest:v1", (), 'exec server -dev-root-token-id="${COMPOSE2AWS_'),
    ],
)
def test_a_known_entrypoint_runs_a_command_with_a_secret(
    tmp_path: Path, image: str, entrypoint: tuple[str, ...], line: str
) -> None:
    text = f"services:\n  app:\n    image: {image}\n    command: ['server', '-dev-root-token-id=${{ROOT_TOKEN}}']\n"
    made = planned(tmp_path, text, environment={"ROOT_TOKEN": "sesame-99"})
    app = container(made, "app")
    assert tuple(str(word) for word in app.entrypoint or ()) == entrypoint
    assert str((app.command or ())[-1]).startswith(line)
    assert "sesame-99" not in str(app)


def test_an_entrypoint_that_is_not_known_does_not_run_one(tmp_path: Path) -> None:
    text = "services:\n  app: {image: acme/app, command: ['serve', '--token=${ROOT_TOKEN}']}\n"
    assert refused(planned(tmp_path, text)) == {"services.app.command": "secret-in-command"}


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("curl, -f, -u, 'me:tulips-77', 'http://x'", "curl -f -u me:"),
        ("curl, '-fsSume:tulips-77', 'http://x'", "curl -fsSume:"),
        ("curl, '--user=me:tulips-77', 'http://x'", "curl --user=me:"),
        ("mysqladmin, ping, -h, x, -ptulips-77", "mysqladmin ping -h x -p"),
        ("redis-cli, -a, tulips-77, ping", "redis-cli -a "),
        ("mongosh, -u, root, -p, tulips-77", "mongosh -u root -p "),
    ],
)
def test_a_password_that_a_client_takes_by_a_letter_is_hidden_in_lists_too(words: str, shown: str) -> None:
    for test in (f"[CMD, {words}]", f'"{words.replace(",", "").replace(chr(39), "")}"'):
        result = run(f"healthcheck: {{test: {test}}}")
        line = (result.of().health_command or ())[-1]
        assert line.startswith(shown)
        assert "tulips" not in result.printed
    assert [p.value for p in result.values.parameters] == ["tulips-77"]


@pytest.mark.parametrize(
    "test", ["[CMD, curl, -u, 'x', 'http://y:80']", "[CMD, id, -u, 'www:data']", "[CMD, grep, -p1]"]
)
def test_options_of_other_programs_hide_nothing(test: str) -> None:
    assert run(f"healthcheck: {{test: {test}}}").values.parameters == ()
