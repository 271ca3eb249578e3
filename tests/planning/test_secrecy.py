"""What looks secret by its name and by its form."""

from __future__ import annotations

import pytest

from compose2aws.planning.values.known_secrets import KnownSecrets
from compose2aws.planning.values.secrecy import (
    connection_name,
    login_span,
    looks_random,
    secret_name,
    secret_spans,
    surely_public,
)


def words(text: str) -> list[str]:
    return text.split()


SECRET_NAMES = words("""
JWT_SECRET PASSWORD DB_PASS SMTP_PWD POSTGRES_password apiToken API_KEY APIKEY INNER_API_KEY_FOR_PLUGIN PRIVATE_KEY
ENCRYPTION_KEY SIGNING_KEY AWS_SECRET_ACCESS_KEY MINIO_ACCESS_KEY APP_CREDENTIALS PASSWORD_SALT JWTSECRET KEY
MASTERPASS INIT_CLIENT_API_TOKENS HBOX_AUTH_API_KEY_PEPPER auth.token DUMBBUDGET_PIN WEBHOOK_UPDATE_AUTHORIZATION
PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX TOKEN_ISSUER requirepass REDISCLI_AUTH NEXT_PRIVATE_SIGNING_PASSPHRASE
""")
PUBLIC_NAMES = words("""
PASSWORD_FILE TOKEN_TTL TOKEN_EXPIRY SECRET_LENGTH TOKEN_ENABLED AUTH_TYPE TOKEN_HEADER SECRET_NAME AWS_ACCESS_KEY_ID
KEYCLOAK_URL API_KEYS_DB_PATH PUBLIC_KEY CACHE_KEY SITE_KEY JWT_AUD JWT_EXP COOKIE_DOMAIN BYPASS PASSTHROUGH MONKEY PWD
DB_HOST LOG_LEVEL KEYBOARD AUTHOR TURNKEY_MODE PASSPORT_ISSUED
""")


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_name_that_looks_secret(name: str) -> None:
    assert secret_name(name)


@pytest.mark.parametrize("name", PUBLIC_NAMES)
def test_name_that_is_about_a_secret_or_none(name: str) -> None:
    assert not secret_name(name)


@pytest.mark.parametrize(
    ("name", "value", "public"),
    [
        ("PASSWORD", "", True),
        ("USE_TOKEN", "true", True),
        ("PASSWORD_AGE", "90", True),
        ("PASSWORD", "123456", False),
        ("PASSWORD", "hunter2", False),
        ("JWT_SECRET", "secret", False),
        ("SSL_KEY", "/etc/ssl/server.key", True),
        ("SSL_KEY", "server.key", True),
        ("API_TOKEN", "/9j4AAQSkZJRg8gH2kK0PaQx", False),
    ],
)
def test_values_that_are_surely_public(name: str, value: str, public: bool) -> None:
    assert surely_public(name, value) is public


@pytest.mark.parametrize(
    "name", ["DATABASE_URL", "REDIS_URI", "SENTRY_DSN", "SQL_ALCHEMY_CONN", "DB_CONNECTION_STRING"]
)
def test_unset_address_is_likely_one_with_a_login(name: str) -> None:
    assert connection_name(name)


@pytest.mark.parametrize("name", ["APP_URL", "NEXTAUTH_URL", "URL", "PUBLIC_BASE_URL", "API_URL", "DB_CONNECTION"])
def test_address_that_people_see_is_no_secret(name: str) -> None:
    assert not connection_name(name)


@pytest.mark.parametrize(
    ("text", "secrets"),
    [
        ("postgres://u:hunter2@db/x redis://:se.same@c", ["hunter2", "se.same"]),
        ("http://user@host:80/a:b@c", []),
        ("https://0123abcd4567ef890123abcd4567ef89@sentry.example.com/2", ["0123abcd4567ef890123abcd4567ef89"]),
        ("ADMIN_PASSWORD=hunter2 ./run", ["hunter2"]),
        ("url: x\npassword: k3str4\nname: y", ["k3str4"]),
        ("--requirepass hunter2 --port 1", ["hunter2"]),
        ("--api-key=hunter2 --token-ttl=30", ["hunter2"]),
        ('{"clientSecret": "hunter2", "name": "x"}', ["hunter2"]),
        ("x?token=hunter2&page=1", ["hunter2"]),
        ("PASSWORD=$PASSWORD ${TOKEN}", []),
        ("the password is required here", []),
        ("-key private.key -out x", []),
        ("key sk_live_4eC39HqLyjWDarjtT1zdp7dc", ["sk_live_4eC39HqLyjWDarjtT1zdp7dc"]),
        ("AKIAIOSFODNN7EXAMPLE", ["AKIAIOSFODNN7EXAMPLE"]),
        ("ghp_0123456789abcdefghijABCDEFGHIJ012345", ["ghp_0123456789abcdefghijABCDEFGHIJ012345"]),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln", ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln"]),
        ("admin:$apr1$aLLYxhdC$ZAW26eJfBRC8", ["$apr1$aLLYxhdC$ZAW26eJfBRC8"]),
        (
            "a -----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY----- b",
            ["-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----"],
        ),
        ("curl -H 'Authorization: Bearer opensesame' http://a", ["opensesame"]),
        ("curl -H 'Authorization: Bearer $TOKEN' http://a", []),
    ],
)
def test_secrets_are_found_by_their_form(text: str, secrets: list[str]) -> None:
    assert [text[start:stop] for start, stop in secret_spans(text)] == secrets


@pytest.mark.parametrize(
    "text", ["cnry0123456789abcdef", "PP_G4Gwm1lOkyG8r8N0LrdlpWXZ7Tyq5CVyfBquuj6g=", "0123456789abcdef0123"]
)
def test_text_that_a_machine_drew(text: str) -> None:
    assert looks_random(text)


@pytest.mark.parametrize(
    "text",
    [
        "production-2024-01-01-abc",
        "my.example.com",
        "secret_firefly_password",
        "us-east-1-dev-cluster-01",
        "6e0e1b5c-0000-4000-8000-0123456789ab",
        "20240101120000",
        "http://minio:9000",
    ],
)
def test_text_that_people_wrote(text: str) -> None:
    assert not looks_random(text)


def test_login_in_one_value_is_a_name_and_a_password() -> None:
    assert login_span("SB_USER", "me:hunter2") == (3, 10)
    assert login_span("USER", "1000:1000") is None
    assert login_span("USER", "node:node") is None
    assert login_span("PEER", "me:0123456789abcdef0123") == (3, 23)


def test_known_secret_is_found_anywhere_but_in_longer_words() -> None:
    known = KnownSecrets(frozenset({"orders"}))
    known.add(["tulips", "roses-in-june-7", "roses-in-june-77", "orders", "postgres", "short", "localhost"])
    found = known.spans("tulips Xroses-in-june-77X orders postgres tulipsy short localhost")
    assert [(start, stop) for start, stop in found] == [(0, 6), (8, 24)]
