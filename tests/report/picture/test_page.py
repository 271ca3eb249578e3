"""The report as text; what it does in a browser stands in tests/browser."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import pytest

from compose2aws.planning.model import Plan, Tier
from compose2aws.planning.planner import plan
from compose2aws.report.picture.page import as_html
from tests.browser.large import large_system
from tests.planning.projects import catalog, read

pytest.importorskip("pygraphviz")


class Page(HTMLParser):
    """Ids, addresses, styles, scripts and the policy of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.addresses: list[str] = []
        self.inline: dict[str, list[str]] = {"style": [], "script": []}
        self.handlers: list[str] = []
        self.policy = ""
        self.words = ""
        self._inside = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._inside = tag
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "srcset", "data", "action", "xlink:href"):
                self.addresses.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)
        told = dict(attrs)
        if told.get("http-equiv") == "Content-Security-Policy":
            self.policy = told.get("content") or ""

    def handle_data(self, data: str) -> None:
        if self._inside in self.inline:
            self.inline[self._inside].append(data)
        else:
            self.words += data + " "

    def handle_endtag(self, tag: str) -> None:
        self._inside = ""


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    project = read(tmp_path_factory.mktemp("large"), large_system())
    tiers: dict[Tier, Plan] = {
        "production": plan(project, catalog(), "production"),
        "development": plan(project, catalog(), "development"),
    }
    return as_html(tiers["production"], project, tiers)


@pytest.fixture(scope="module")
def page(text: str) -> Page:
    return Page(text)


def test_nothing_is_loaded_and_only_its_own_script_and_styles_may_run(page: Page) -> None:
    assert page.policy.startswith("default-src 'none'; ")
    assert "unsafe" not in page.policy
    for kind in ("style", "script"):
        for part in page.inline[kind]:
            assert f"'sha256-{b64encode(sha256(part.encode()).digest()).decode()}'" in page.policy
    assert len(page.inline["script"]) == 1
    assert page.handlers == []
    assert [address for address in page.addresses if not address.startswith("#")] == []


def test_every_link_leads_somewhere_and_no_id_stands_twice(page: Page) -> None:
    assert {address.removeprefix("#") for address in page.addresses} <= set(page.ids)
    assert len(page.ids) == len(set(page.ids))


def test_every_service_has_its_decisions(page: Page) -> None:
    anchors = [id_ for id_ in page.ids if id_.startswith("decisions-service-")]
    assert len(anchors) == 57


def test_no_secret_is_in_it(text: str) -> None:
    assert "s3cr3t-canary" not in text


def test_sizes_stand_in_both_tiers(page: Page) -> None:
    flat = " ".join(page.words.split())
    sizes = flat[flat.index("part AWS production development") :]
    assert re.search(r"web ECS service 3 x 0\.25 vCPU, 512 MB", sizes)
    assert "serverless, 0.5 to 16 ACU" in sizes
    assert "serverless, 0 to 2 ACU" in sizes
    assert "hosts (gpu) EC2 instances 0 to" in sizes


def test_findings_tell_their_lines(page: Page) -> None:
    flat = " ".join(page.words.split())
    findings = flat[flat.index("Findings", flat.index("Local and AWS", 500)) :]
    assert re.search(r"compose\.yaml:\d+ services\.\w+", findings)


def test_security_groups_tell_whom_they_admit(page: Page) -> None:
    flat = " ".join(page.words.split())
    assert "Tasks of proxy proxy The application balancer: 8080" in flat
    assert "The managed service postgres postgres Members of the network back: 5432" in flat


def test_text_of_the_project_is_no_markup(tmp_path: Path) -> None:
    project = read(tmp_path, 'services: {a: {image: b, environment: {X: "</script><img src=x onerror=alert(1)>"}}}')
    made = plan(project, catalog(), "production")
    assert "<img" not in as_html(made, project, {"production": made})
