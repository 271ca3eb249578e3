"""Properties of the stage: URLs keep all that is not the database's, and no secret leaves."""

from __future__ import annotations

import json
import re
import string

from hypothesis import given, settings
from hypothesis import strategies as st

from compose2aws.planning.values.connection_url import urls
from compose2aws.planning.values.secrecy import secret_name
from tests.planning.valued import valued

NAME = st.text(string.ascii_letters + string.digits + "_", min_size=1, max_size=12)
WORD = st.text(string.ascii_letters + string.digits + "-._~%", min_size=1, max_size=16)
SCHEME = st.sampled_from(["postgres", "postgresql", "postgresql+asyncpg", "jdbc:postgresql", "db+postgresql"])
# an option that is called like a secret (`qPWD`) is one
OPTION = NAME.map(lambda name: "q" + name).filter(lambda name: not secret_name(name))
QUERY = st.lists(st.tuples(OPTION, WORD), max_size=4)
SIGNS = string.ascii_letters + string.digits + "!#%&()*+,-./:;<=>?@[]^_{|}~"
# what makes a text distinctive: at least one digit, and no shorter than a machine would look for
PASSWORD = st.tuples(st.text(SIGNS, min_size=5, max_size=24), st.integers(100, 999)).map(lambda p: f"{p[0]}{p[1]}q")


def project(environment: dict[str, str], password: str) -> str:
    def escaped(text: str) -> str:
        return json.dumps(text.replace("$", "$$"))

    lines = "\n".join(f"      {name}: {escaped(value)}" for name, value in environment.items())
    return (
        f"services:\n  app:\n    image: acme/app\n    environment:\n{lines}\n  db:\n    image: postgres:16\n"
        f"    environment: {{POSTGRES_USER: app, POSTGRES_PASSWORD: {escaped(password)}, POSTGRES_DB: shop}}\n"
    )


@settings(max_examples=150, deadline=None)
@given(SCHEME, st.booleans(), st.none() | st.just(5432), st.lists(WORD, max_size=2), QUERY)
def test_rebuilt_url_has_the_same_scheme_path_and_query(
    scheme: str, login: bool, port: int | None, path: list[str], query: list[tuple[str, str]]
) -> None:
    userinfo = "app:sesame-99@" if login else ""
    options = "&".join(f"{name}={value}" for name, value in query)
    before = f"{scheme}://{userinfo}db{f':{port}' if port else ''}{''.join(f'/{part}' for part in path)}"
    before += f"?{options}" if options else ""
    after = valued(project({"CONNECTION": before}, "sesame-99")).variable("CONNECTION").text
    filled = "".join(part if isinstance(part, str) else f"hole-{part.fact}" for part in after.parts)
    (old,) = urls(before, lambda name: False)
    (new,) = urls(filled, lambda name: False)
    assert (new.prefix, new.scheme) == (old.prefix, old.scheme)
    assert filled[slice(*new.path)] == before[slice(*old.path)]
    kept = [filled[slice(*item.whole)] for item in new.query if item.name not in ("user", "password")]
    assert kept == [before[slice(*item.whole)] for item in old.query]
    assert [filled[slice(*host.name)] for host in new.hosts] == ["hole-host"]
    assert len(re.findall("hole-password", filled)) == 1


@settings(max_examples=200, deadline=None)
@given(
    PASSWORD, st.text(string.ascii_letters + " /:-", max_size=10), st.text(string.ascii_letters + " /:-", max_size=10)
)
def test_no_secret_is_in_anything_that_leaves(secret: str, before: str, after: str) -> None:
    environment = {
        "SESSION_SECRET": secret,
        "DB_HOST": "db",
        "DB_PASSWORD": secret,
        "NOTE": f"{before}{secret}{after}",
        "URL": f"postgres://app:{secret}@db/shop",
        "OTHER": f"http://user:{secret}@elsewhere.example.com/",
        "OPTIONS": f"--password={secret}",
    }
    assert secret not in valued(project(environment, secret)).printed


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_any_text_is_planned_and_twice_alike(one: str, two: str) -> None:
    environment = {"DATABASE_URL": f"postgres://{one}@db/{two}", "DB_HOST": one, "TEXT": two, "API_TOKEN": one}
    clean = {name: re.sub(r"[^\x20-\x7e\xa0-\ud7ff]", "", value) for name, value in environment.items()}
    text = project(clean, "sesame-99")
    first, second = valued(text), valued(text)
    assert first.values == second.values
    assert first.ledger.decisions == second.ledger.decisions
