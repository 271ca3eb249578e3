"""Large values and large projects take no longer than their size."""

from __future__ import annotations

import json
import time

import pytest

from tests.planning.valued import app, valued

LONG = 60_000


@pytest.mark.parametrize(
    "value",
    [
        "a" * LONG + "://",
        "a.b-" * (LONG // 4) + "@tcp(",
        "http://" + "u:" * (LONG // 2) + "@",
        "x://a," * (LONG // 6),
        "password=" * (LONG // 9),
        "eyJa." * (LONG // 5),
        "-----BEGIN RSA PRIVATE KEY-----" * (LONG // 31),
        "mysql " * (LONG // 6),
        "db:" * (LONG // 3),
        '"host": ' * (LONG // 8),
        "$1$" * 1000,
    ],
)
def test_long_value_is_read_quickly(value: str) -> None:
    begun = time.process_time()
    valued(app(f"VALUE: {json.dumps(value.replace('$', '$$'))}"))
    assert time.process_time() - begun < 3


def test_thousand_services_are_planned_in_seconds() -> None:
    lines = ["services:"]
    for number in range(1000):
        lines += [f"  s{number}:", "    image: acme/app", "    environment:"]
        lines += [f"      VALUE_{at}: text-{at}" for at in range(12)]
        lines += [
            f"      DATABASE_URL: postgres://u{number % 50}:sesame-{number % 50}-99@db{number % 50}/app",
            f"      API_TOKEN: sesame-own-{number}-99",
            f"      PEER_URL: http://s{(number + 1) % 1000}:80",
        ]
    for number in range(50):
        lines += [f"  db{number}:", "    image: postgres:16", "    environment:"]
        lines += [f"      POSTGRES_USER: u{number}", f"      POSTGRES_PASSWORD: sesame-{number}-99"]
    begun = time.process_time()
    result = valued("\n".join(lines) + "\n")
    assert time.process_time() - begun < 20
    assert len(result.values.by_service) == 1000
