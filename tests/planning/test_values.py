"""What reaches a container, and how: plain, as a parameter, as a secret; and what the ledger says of it."""

from __future__ import annotations

import pytest

from compose2aws.planning.identity import variable_id
from tests.planning.valued import Valued, app, valued

SERVICE = "services:\n  app:\n    image: acme/app\n"


def variables(lines: str, environment: dict[str, str] | None = None) -> Valued:
    return valued(app(lines), environment)


def test_plain_values_stay_plain() -> None:
    result = variables('A: text\nB: 3000\nC: true\nD: ""\nE: "a=b c"\nG: "$$HOME"')
    assert result.texts() == {"A": "text", "B": "3000", "C": "true", "D": "", "E": "a=b c", "G": "$HOME"}
    assert all(variable.secret is None for variable in result.of().environment)
    assert result.decision("services", "app", "environment", "A").outcome == "translated"


def test_set_variables_are_written_in_place() -> None:
    assert variables("LEVEL: ${LEVEL}\nTAG: v${N:-2}", {"LEVEL": "info"}).texts() == {"LEVEL": "info", "TAG": "v2"}


def test_unset_variable_becomes_a_parameter_that_is_empty_by_default() -> None:
    result = variables("GREETING: hello ${WHO}\nNAME: ${WHO}")
    assert result.texts() == {"GREETING": "hello {parameter of Who}", "NAME": "{parameter of Who}"}
    (parameter,) = result.values.parameters
    assert (parameter.name, parameter.source, parameter.secret, parameter.default) == ("Who", "variable:WHO", False, "")
    decision = result.decision("services", "app", "environment", "GREETING")
    assert (decision.outcome, decision.code) == ("adapted", "unset-variable")


def test_unset_required_variable_becomes_a_required_parameter_with_its_message() -> None:
    parameter = variables("REGION: ${REGION:?where it runs}").parameter("Region")
    assert (parameter.required, parameter.description, parameter.secret) == (True, "where it runs", False)


def test_bare_variable_that_is_not_set_is_there_only_if_given() -> None:
    result = valued(SERVICE + "    environment: [PLAIN, API_TOKEN]\n")
    plain, secret = result.of().environment
    assert (plain.only_if, plain.when_empty, plain.secret) == ("Plain", "absent", None)
    assert (secret.only_if, secret.when_empty) == ("ApiToken", "absent")
    assert result.parameter("ApiToken").secret
    assert result.parameter("ApiToken").default == ""
    (stored,) = result.values.secrets
    assert stored.only_if == "ApiToken"


def test_secret_that_one_service_needs_is_not_optional_for_another() -> None:
    other = "  other:\n    image: acme/other\n    environment: {API_TOKEN: '${API_TOKEN}'}\n"
    text = SERVICE + "    environment: [API_TOKEN]\n" + other
    result = valued(text)
    assert result.parameter("ApiToken").required
    assert result.values.secrets[0].only_if is None


def test_literal_secret_becomes_a_parameter_and_a_secret_of_its_own() -> None:
    result = variables("SESSION_SECRET: tulips-in-may")
    (parameter,) = result.values.parameters
    assert parameter.name == variable_id("app/SESSION_SECRET")
    assert parameter.source == "compose:/services/app/environment/SESSION_SECRET"
    assert (parameter.secret, parameter.required, parameter.value) == (True, True, "tulips-in-may")
    (stored,) = result.values.secrets
    assert stored.id.logical_id == parameter.name + "Stored"
    assert result.variable("SESSION_SECRET").secret == stored.id
    decision = result.decision("services", "app", "environment", "SESSION_SECRET")
    assert [str(id_) for id_ in decision.becomes] == [
        "AWS::ECS::TaskDefinition/AppTaskDefinition",
        f"AWS::SecretsManager::Secret/{parameter.name}Stored",
    ]


@pytest.mark.parametrize("environment", [{}, {"JWT_SECRET": "tulips-in-may"}])
def test_secret_variable_is_one_parameter_and_one_secret_for_all_services(environment: dict[str, str]) -> None:
    text = (
        app("JWT_SECRET: ${JWT_SECRET}")
        + "  other:\n    image: acme/other\n    environment: {TOKEN_KEY: '${JWT_SECRET}'}\n"
    )
    result = valued(text, environment)
    (parameter,) = result.values.parameters
    assert (parameter.name, parameter.source) == ("JwtSecret", "variable:JWT_SECRET")
    assert parameter.value == environment.get("JWT_SECRET")
    assert len(result.values.secrets) == 1
    assert result.variable("JWT_SECRET").secret == result.variable("TOKEN_KEY", "other").secret


def test_default_of_a_secret_variable_is_secret_and_keeps_the_variables_name() -> None:
    result = variables("JWT_SECRET: ${JWT_SECRET:-tulips-in-may}")
    parameter = result.parameter("JwtSecret")
    assert (parameter.secret, parameter.value, parameter.default) == (True, "tulips-in-may", None)
    assert "tulips" not in result.printed


def test_two_defaults_of_one_secret_variable_are_two_secrets() -> None:
    result = variables("A: ${API_TOKEN:-tulips-in-may}\nB: ${API_TOKEN:-roses-in-june}")
    assert {parameter.value for parameter in result.values.parameters} == {"tulips-in-may", "roses-in-june"}


def test_empty_values_make_no_secret() -> None:
    result = variables("FERNET_KEY: ''\nSMTP_PASSWORD: ${SMTP_PASSWORD:-}\nAPI_TOKEN: ${API_TOKEN}", {"API_TOKEN": ""})
    assert result.texts() == {"FERNET_KEY": "", "SMTP_PASSWORD": "", "API_TOKEN": ""}
    assert result.values.parameters == ()
    assert result.values.secrets == ()


def test_text_around_a_secret_is_kept_and_shared_where_it_is_equal() -> None:
    line = "AUTH_HEADER: Bearer ${API_TOKEN}"
    result = valued(
        app(line) + "  other:\n    image: acme/other\n    environment: ['AUTH_HEADER=Bearer ${API_TOKEN}']\n"
    )
    assert result.text("AUTH_HEADER") == "Bearer {secret parameter of ApiToken}"
    (stored,) = result.values.secrets
    assert stored.id.logical_id.endswith("Connection")
    assert result.variable("AUTH_HEADER", "other").secret == stored.id


def test_secret_of_a_connection_is_named_after_the_service_and_shared() -> None:
    line = "URL: postgres://postgres:sesame-99@db/x"
    result = valued(
        app(line, "POSTGRES_PASSWORD: sesame-99")
        + f"  other:\n    image: acme/other\n    environment: {{{line.replace('URL', 'OTHER_URL')}}}\n"
    )
    (stored,) = result.values.secrets
    assert stored.id.logical_id.startswith("Db")
    assert stored.id.logical_id.endswith("Connection")
    assert str(stored.text) == "postgres://{user of db}:{password of db}@{host of db}/x"


def test_same_secret_is_hidden_wherever_it_stands() -> None:
    text = """
services:
  app:
    image: acme/app
    environment:
      SESSION_SECRET: tulips-in-may-7
      MOTTO: we like tulips-in-may-7 best
      LINK: http://example.com/tulips-in-may-7/x
    labels: {note: "tulips-in-may-7", other: "roses"}
    command: ["sh", "-c", "echo tulips-in-may-7"]
"""
    result = valued(text)
    assert "tulips" not in result.printed
    assert [name for name, _ in result.of().labels] == ["other"]
    assert result.findings("secret-in-label")


def test_ordinary_words_are_not_hidden_because_somebody_uses_them_as_a_password() -> None:
    text = app("DB_TYPE: postgres\nNOTE: the password is postgres", "POSTGRES_PASSWORD: postgres")
    assert valued(text).texts() == {"DB_TYPE": "postgres", "NOTE": "the password is postgres"}


def test_secret_longer_than_a_parameter_is_refused() -> None:
    result = variables(f"SIGNING_KEY: {'x1' * 3000}")
    (refusal,) = result.ledger.refusals
    assert refusal.code == "secret-too-long"
    assert "6000 bytes" in refusal.reason


def test_decision_tells_what_a_connection_was_and_is_without_its_password() -> None:
    result = valued(
        app("URL: postgres://app:sesame-99@db:5432/shop", "POSTGRES_USER: app\nPOSTGRES_PASSWORD: sesame-99")
    )
    decision = result.decision("services", "app", "environment", "URL")
    assert (decision.outcome, decision.code) == ("adapted", "connection")
    assert decision.reason == (
        "was postgres://app:****@db:5432/shop, is postgres://{user of db}:{password of db}@{host of db}:5432/shop"
    )


def test_password_that_goes_is_not_told_either() -> None:
    result = valued(app("URL: redis://:hunter2@db:6379", image="redis:7"))
    assert result.decision("services", "app", "environment", "URL").reason == (
        "was redis://****@db:6379, is redis://{host of db}:6379"
    )


def test_login_of_a_service_that_did_not_move_is_hidden_and_kept() -> None:
    result = variables("PROXY: http://user:pa55word@proxy.example.com:3128\nMQ: amqp://guest:${MQ}@broker:5672/x")
    assert result.text("MQ") == "amqp://guest:{secret parameter of Mq}@broker:5672/x"
    assert "pa55word" not in result.printed
    assert result.text("PROXY").startswith("http://user:{secret parameter of AppProxy")


def test_every_leaf_is_decided() -> None:
    text = (
        SERVICE
        + """    environment: {A: x, B: '${B}', C: , D_SECRET: y}
    labels: {l: z}
    command: [run]
    entrypoint: [start]
"""
    )
    ledger = valued(text).ledger
    open_ = [path for path in ledger.uncovered() if path[2] in ("environment", "labels", "command", "entrypoint")]
    assert open_ == []


def test_container_in_another_ones_network_belongs_to_its_task() -> None:
    text = SERVICE + "  side:\n    image: acme/side\n    network_mode: service:app\n    environment: {A: x}\n"
    (id_,) = valued(text).decision("services", "side", "environment", "A").becomes
    assert id_.logical_id == "AppTaskDefinition"


def test_names_do_not_hang_on_other_services() -> None:
    one = app("DB_PASSWORD: tulips-in-may\nTOKEN: ${API_TOKEN}\nURL: postgres://app:x@db/y", "POSTGRES_USER: app")
    head, body = one.split("services:\n")
    more = (
        head
        + "services:\n  aaa:\n    image: acme/x\n    environment: {DB_PASSWORD: tulips-in-may, API_TOKEN: q7-z}\n"
        + body
    )
    few, many = valued(one), valued(more)
    assert set(few.values.parameters) <= set(many.values.parameters)
    assert {secret.id for secret in few.values.secrets} <= {secret.id for secret in many.values.secrets}
    assert few.of().environment == many.of().environment


def test_a_secret_says_the_same_whoever_wants_it_first() -> None:
    one = "  {0}: {{image: acme/app, environment: {{URL: 'postgres://app:tulips-77@db/app'}}}}\n"
    db = "  db: {image: 'postgres:16', environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: tulips-77}}\n"
    first = valued("services:\n" + one.format("a") + one.format("b") + db)
    second = valued("services:\n" + one.format("b") + one.format("a") + db)
    alone = valued("services:\n" + one.format("b") + db)
    assert first.values.secrets == second.values.secrets
    assert [s.description for s in first.values.secrets] == [s.description for s in alone.values.secrets]


@pytest.mark.parametrize("value", ["${DB_PASSWORD}", "tulips-77"])
@pytest.mark.parametrize("key", ["user", "working_dir"])
def test_a_secret_that_everybody_would_read_in_the_task_definition_is_refused(key: str, value: str) -> None:
    text = (
        f"services:\n  app:\n    image: acme/app\n    {key}: {value}\n"
        "    environment: {DB_PASSWORD: '${DB_PASSWORD}'}\n"
    )
    (refusal,) = valued(text, {"DB_PASSWORD": "tulips-77"}).ledger.refusals
    assert (refusal.path, refusal.code) == (("services", "app", key), "secret-in-key")
    assert valued(text.replace(f"{key}: {value}", f"{key}: app")).ledger.refusals == ()
