"""The report in a real browser: it loads nothing, it is used with a mouse, with keys alone or without its script, it
can be read in dark and in light, and it prints."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    Open = Callable[..., Page]

Scheme = Literal["light", "dark"]
SCHEMES: tuple[Scheme, ...] = ("light", "dark")


@pytest.fixture
def show(browser: Browser, report: Path) -> Iterator[Open]:
    """Opens the report; at the end nothing was asked of any network and nothing went wrong in the page."""
    troubles: list[str] = []
    asked: list[str] = []
    opened_files: set[str] = set()
    contexts = []

    def opened(scheme: Scheme = "light", script: bool = True, width: int = 1400, file: Path = report) -> Page:
        context = browser.new_context(
            color_scheme=scheme, java_script_enabled=script, viewport={"width": width, "height": 900}
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
        page.on("request", lambda request: asked.append(request.url))
        opened_files.add(file.as_uri())
        page.goto(file.as_uri())
        return page

    yield opened
    for context in contexts:
        context.close()
    assert troubles == []
    assert {url.partition("#")[0] for url in asked} == opened_files


def test_a_click_on_a_service_shows_its_decisions(show: Open) -> None:
    page = show()
    panel = page.locator("#panel")
    assert not panel.is_visible()
    page.locator('.sheet a[data-anchor="service-web"]').click()
    assert panel.is_visible()
    assert panel.locator("h3").inner_text() == "web"
    assert "environment.DATABASE_URL" in panel.inner_text()
    assert "#" not in page.url
    page.locator('.sheet a[data-anchor="service-worker-mail"]').click()  # one of eight in a box
    assert panel.locator("h3").inner_text() == "worker-mail"
    page.get_by_role("button", name="Close").click()
    assert not panel.is_visible()


def test_the_lines_of_the_chosen_service_stand_out(show: Open) -> None:
    page = show()
    page.locator('.sheet a[data-anchor="service-proxy"]').click()
    ends = page.locator(".chosen-line").evaluate_all("all => all.map(one => [one.dataset.source, one.dataset.target])")
    assert sorted(map(tuple, ends)) == [
        ("application-balancer", "service-proxy"),
        ("service-proxy", "service-relay"),
        ("service-proxy", "service-web"),
    ]
    page.keyboard.press("Escape")
    assert page.locator(".chosen-line, .unchosen-line, .chosen").count() == 0


def test_keys_alone_reach_a_service_its_decisions_and_the_way_back(show: Open) -> None:
    page = show()
    reached = ""
    for _ in range(40):
        page.keyboard.press("Tab")
        reached = page.evaluate("document.activeElement.dataset.anchor || ''")
        if reached:
            break
    assert reached
    width = page.evaluate("getComputedStyle(document.activeElement.querySelector('.box, .cell')).strokeWidth")
    assert width == "4px"  # the focus can be seen
    page.keyboard.press("Enter")
    assert page.locator("#panel").is_visible()
    assert page.evaluate("document.activeElement.id") == "chosen"
    page.keyboard.press("Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    assert not page.locator("#panel").is_visible()
    assert page.evaluate("document.activeElement.dataset.anchor") == reached


def test_the_first_tab_skips_to_the_picture(show: Open) -> None:
    page = show()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the picture"
    page.keyboard.press("Enter")
    assert page.url.endswith("#picture")


def test_without_its_script_a_service_leads_to_its_decisions(show: Open) -> None:
    page = show(script=False)
    page.locator('.sheet a[data-anchor="service-web"]').click()
    assert page.url.endswith("#decisions-service-web")
    assert page.locator("#decisions-service-web h3").is_visible()
    assert not page.locator("#panel").is_visible()


def test_a_wide_picture_can_be_fitted_to_the_page(show: Open) -> None:
    page = show()
    sheet = page.locator(".sheet")
    assert sheet.evaluate("one => one.scrollWidth > one.clientWidth")
    page.get_by_role("button", name="Fit to the page").click()
    assert sheet.evaluate("one => one.scrollWidth <= one.clientWidth")


# The colours of each text of the picture and of what is drawn behind it, as a reader sees them.
_TEXTS = """
() => {
  const seen = [];
  const own = (one) => {
    const box = one.closest('a, [data-box], .group, svg');
    const ground = one.classList.contains('pin') ? box.querySelector('.strip')
      : box.querySelector('.cell, .box') || box.querySelector('rect');
    return ground || document.querySelector('.paper');
  };
  for (const one of document.querySelectorAll('.sheet text')) {
    for (const part of one.children.length ? one.children : [one]) {
      const group = one.closest('.group');
      const ground = group ? getComputedStyle(one).stroke : getComputedStyle(own(one)).fill;
      seen.push([part.textContent, getComputedStyle(part).fill, ground]);
    }
  }
  return seen;
}
"""
_LINES = """
() => [...document.querySelectorAll('.sheet .line path, .sheet .box, .sheet .sign')].flatMap((one) =>
  ['--paper', '--vpc-fill', '--private-fill', '--public-fill', '--isolated-fill', '--network-fill', '--fleet-fill']
    .map((ground) => [getComputedStyle(one).stroke, getComputedStyle(one).getPropertyValue(ground).trim()]))
"""


def luminance(colour: str) -> float:
    """Source: W3C, WCAG 2.2, "relative luminance"."""
    if colour.startswith("#"):
        parts = [int(colour[at : at + 2], 16) for at in (1, 3, 5)]
    else:
        parts = [int(part) for part in re.findall(r"\d+", colour)[:3]]
    linear = [v / 12.92 if (v := part / 255) <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_picture_has_the_contrast_that_wcag_asks_for(show: Open, small_report: Path, scheme: Scheme) -> None:
    page = show(scheme, file=small_report)
    texts = page.evaluate(_TEXTS)
    assert len(texts) > 60
    assert [(text, contrast(ink, ground)) for text, ink, ground in texts if contrast(ink, ground) < 4.5] == []
    lines = {(stroke, ground) for stroke, ground in page.evaluate(_LINES)}
    assert len(lines) > 20
    assert [(pair, contrast(*pair)) for pair in sorted(lines) if contrast(*pair) < 3] == []


@pytest.mark.parametrize("scheme", SCHEMES)
def test_axe_finds_nothing_to_complain_about(show: Open, small_report: Path, scheme: Scheme) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    page = show(scheme, file=small_report)
    page.locator('.sheet a[data-anchor="service-web"]').click()
    found: Any = axe.run(page).response["violations"]
    assert [(one["id"], one["nodes"][0]["html"][:200]) for one in found] == []


def test_dark_and_light_differ(show: Open) -> None:
    grounds = [
        show(scheme).evaluate(
            "[getComputedStyle(document.body), getComputedStyle(document.querySelector('.paper'))]"
            ".map((style, n) => n ? style.fill : style.backgroundColor)"
        )
        for scheme in SCHEMES
    ]
    for light, dark in zip(*grounds, strict=True):
        assert luminance(light) > 0.9
        assert luminance(dark) < 0.1


def test_text_stays_in_its_box_and_does_not_overlap(show: Open) -> None:
    page = show()
    outside = page.evaluate(
        """() => [...document.querySelectorAll('.sheet [data-box]')].flatMap((box) => {
          const frame = box.querySelector('.box').getBoundingClientRect();
          return [...box.querySelectorAll('text')].filter((text) => {
            const at = text.getBoundingClientRect();
            return at.left < frame.left || at.right > frame.right || at.top < frame.top || at.bottom > frame.bottom;
          }).map((text) => text.textContent);
        })"""
    )
    assert outside == []
    over = page.evaluate(
        """() => {
          const all = [...document.querySelectorAll('.sheet text')].map((one) => [one, one.getBoundingClientRect()]);
          return all.flatMap(([one, a], n) => all.slice(n + 1).filter(([, b]) =>
            a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom)
            .map(([other]) => [one.textContent, other.textContent]));
        }"""
    )
    assert over == []


def test_it_prints_in_light_with_all_decisions(show: Open) -> None:
    page = show("dark")
    page.locator('.sheet a[data-anchor="service-web"]').click()
    printed = page.pdf(prefer_css_page_size=True)
    assert printed.startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) > 10
    page.emulate_media(media="print")
    assert luminance(page.evaluate("getComputedStyle(document.querySelector('.paper')).fill")) > 0.9
    assert not page.locator("#panel").is_visible()
    assert page.locator("#decisions-service-digest").is_visible()
    fits = "one => { const at = one.getBoundingClientRect(); return [at.width <= innerWidth, at.height < 720]; }"
    assert page.locator(".sheet svg").evaluate(fits) == [True, True]


def test_a_narrow_screen_is_no_wider_than_itself(show: Open) -> None:
    page = show(width=390)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator('.sheet a[data-anchor="service-web"]').click()
    assert page.locator("#panel").evaluate("one => one.getBoundingClientRect().width") <= 390
