"""Several servers in one address that are one database, of which AWS makes each its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.planner import plan
from compose2aws.report.wanted_settings import snippet
from tests.planning.projects import catalog, codes, finding, planned, read

SET = """\
    services:
      one: {{image: "mongo:6", command: [--replSet, rs0]{one}}}
      two: {{image: "mongo:6", command: [--replSet, rs0]{two}}}
      app: {{image: "acme/app:1", environment: {{MONGO_URL: "{url}"}}}}
    """
URL = "mongodb://one:27017,two:27017/shop?replicaSet=rs0"
KEPT = ", x-aws: {managed: false}"


def compose(one: str = "", two: str = "", url: str = URL) -> str:
    return SET.format(one=one, two=two, url=url)


@pytest.mark.parametrize(("one", "two"), [("", ""), ("", KEPT), (KEPT, "")])
def test_a_set_of_which_any_moved_is_one_error_that_names_all_of_it(tmp_path: Path, one: str, two: str) -> None:
    made = planned(tmp_path, compose(one, two))
    told = finding(made, "set-of-servers")
    assert told.severity == "error"
    assert told.path == ("services", "app", "environment", "MONGO_URL")
    assert "`x-aws: {managed: false}` in all of one, two" in told.remedy
    assert "database-without-client" not in codes(made)


def test_what_to_write_is_said_of_every_member(tmp_path: Path) -> None:
    project = read(tmp_path, compose())
    made = plan(project, catalog())
    lines = [line.split("#")[0].strip() for line in snippet(made, project, made.findings)]
    assert lines[lines.index("one:") + 1] == "x-aws: {managed: false}"
    assert lines[lines.index("two:") + 1] == "x-aws: {managed: false}"


def test_a_set_that_stays_whole_is_no_error(tmp_path: Path) -> None:
    assert "set-of-servers" not in codes(planned(tmp_path, compose(KEPT, KEPT)))


@pytest.mark.parametrize("url", ["mongodb://one:27017/shop?replicaSet=rs0", "mongodb://one,one:27018/shop"])
def test_one_server_is_no_set(tmp_path: Path, url: str) -> None:
    assert "set-of-servers" not in codes(planned(tmp_path, compose(two=KEPT, url=url)))


def test_a_server_that_is_not_in_the_file_makes_a_set_too(tmp_path: Path) -> None:
    told = finding(planned(tmp_path, compose(url="mongodb://one,mongo.example.com/shop")), "set-of-servers")
    assert "names one and mongo.example.com" in told.message


def test_two_addresses_in_a_list_are_no_set(tmp_path: Path) -> None:
    url = "mongodb://one:27017/a mongodb://two:27017/b"
    assert "set-of-servers" not in codes(planned(tmp_path, compose(url=url)))
