"""The report: one HTML page with the picture, the tables, the findings and all decisions. It loads nothing."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from importlib.resources import files
from xml.etree import ElementTree as ET

from compose2aws.compose.node import Path
from compose2aws.compose.project import Project
from compose2aws.planning.ledger import Decision, people_path
from compose2aws.planning.model import Plan, Tier
from compose2aws.report.advice import Section, sections
from compose2aws.report.layout import listed, visible
from compose2aws.report.picture import svg
from compose2aws.report.picture.admission import ADMISSION_HEADER, admission_rows
from compose2aws.report.picture.composition import picture
from compose2aws.report.picture.model import service_anchor
from compose2aws.report.picture.sizes import size_rows
from compose2aws.report.route import url_text
from compose2aws.report.table import HEADER, rows

_FOLDER = files("compose2aws.report.picture")
_STYLE = _FOLDER.joinpath("page.css").read_text(encoding="utf-8")
_SCRIPT = _FOLDER.joinpath("page.js").read_text(encoding="utf-8")

_PARTS = (
    ("picture", "Picture"),
    ("table", "Local and AWS"),
    ("findings", "Findings"),
    ("sizes", "Sizes"),
    ("networks", "Who admits whom"),
    ("decisions", "Decisions"),
)


def as_html(plan: Plan, project: Project, tiers: Mapping[Tier, Plan]) -> str:
    """The page. `tiers` are the plans whose sizes are compared. Raises `MissingLibraryError`."""
    drawn = picture(plan, project)
    root = ET.Element("html", {"lang": "en"})
    _head(root, drawn.title)
    body = _add(root, "body")
    _add(body, "a", "Skip to the picture", {"class": "skip", "href": "#picture"})
    header = _add(body, "header")
    _add(header, "h1", drawn.title)
    _add(header, "p", f"{drawn.description}. Made from {listed(plan.files)}.")
    if plan.urls:
        public = _add(header, "ul", attributes={"class": "urls", "aria-label": "Public addresses"})
        for url in plan.urls:
            _prose(_add(public, "li"), f"`{url_text(url)}` to {url.service}")
    navigation = _add(_add(header, "nav", attributes={"aria-label": "Parts of this page"}), "ul")
    for id_, title in _PARTS:
        _add(_add(navigation, "li"), "a", title, {"href": f"#{id_}"})
    main = _add(body, "main")
    parts = {id_: _part(main, id_, title) for id_, title in _PARTS}
    hint = _add(parts["picture"], "p", "Choose a service to see what was decided on it. ", {"class": "hint"})
    _add(
        hint, "button", "Fit to the page", {"type": "button", "id": "fit", "aria-pressed": "false", "hidden": "hidden"}
    )
    scrolled = {"class": "sheet", "tabindex": "0", "role": "region", "aria-label": "The picture, which can be scrolled"}
    _add(parts["picture"], "div", attributes=scrolled).append(svg.draw(drawn, linked=True))
    _table(parts["table"], HEADER, (row.cells for row in rows(plan, project)))
    _findings(parts["findings"], plan)
    _table(parts["sizes"], ("part", "AWS", *tiers), size_rows(tiers))
    _table(parts["networks"], ADMISSION_HEADER, admission_rows(plan))
    _decisions(parts["decisions"], plan)
    _panel(body)
    _add(body, "script", _SCRIPT)
    return f"<!DOCTYPE html>\n{ET.tostring(root, encoding='unicode', method='html')}\n"


def _head(root: ET.Element, title: str) -> None:
    head = _add(root, "head")
    _add(head, "meta", attributes={"charset": "utf-8"})
    policy = (
        f"default-src 'none'; style-src {_hash(_STYLE)} {_hash(svg.STYLE)}; script-src {_hash(_SCRIPT)}; "
        "base-uri 'none'; form-action 'none'"
    )
    _add(head, "meta", attributes={"http-equiv": "Content-Security-Policy", "content": policy})
    _add(head, "meta", attributes={"name": "viewport", "content": "width=device-width, initial-scale=1"})
    _add(head, "meta", attributes={"name": "color-scheme", "content": "light dark"})
    _add(head, "title", title)
    _add(head, "style", _STYLE)


def _hash(text: str) -> str:
    """The text as a Content Security Policy allows it. Source: W3C, "Content Security Policy Level 3", 2.3.1."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _part(main: ET.Element, id_: str, title: str) -> ET.Element:
    part = _add(main, "section", attributes={"id": id_, "aria-labelledby": f"{id_}-title"})
    _add(part, "h2", title, {"id": f"{id_}-title"})
    return part


def _findings(part: ET.Element, plan: Plan) -> None:
    refusals = [decision for decision in plan.decisions if decision.outcome == "refused"]
    found = sections(plan.findings, refusals)
    if not found:
        _add(part, "p", "Nothing was found that its author should know.")
    for section in found:
        _finding_list(part, section)


def _finding_list(part: ET.Element, section: Section) -> None:
    _add(part, "h3", f"{section.heading} ({section.number})", {"class": section.severity})
    items = _add(part, "ul", attributes={"class": f"findings {section.severity}"})
    for advice in section.advice:
        item = _add(items, "li")
        for said in advice.said:
            paragraph = _add(item, "p")
            if said.places:
                _add(paragraph, "code", said.places).tail = " "
            _prose(_add(paragraph, "span"), said.message)
        if advice.more:
            _add(item, "p", f"and {len(advice.more)} more like it: {listed(advice.more)}")
        if advice.remedy:
            _prose(_add(item, "p", attributes={"class": "remedy"}), f"What to do: {advice.remedy}")


def _decisions(part: ET.Element, plan: Plan) -> None:
    """A section for each service, and one for each other part of the files."""
    grouped: dict[tuple[str, str], list[Decision]] = {}
    for decision in plan.decisions:
        first, *rest = (*decision.path, "")
        if first == "services" and rest[0] != "":
            grouped.setdefault((service_anchor(str(rest[0])), str(rest[0])), []).append(decision)
        elif first != "":
            grouped.setdefault((f"section-{first}", str(first)), []).append(decision)
    beside = {w.name: [c.name for c in w.task.containers] for w in plan.workloads}
    for (anchor, name), decisions in grouped.items():
        section = _add(part, "section", attributes={"id": f"decisions-{anchor}", "class": "decided", "tabindex": "-1"})
        _add(section, "h3", name)
        others = [c for c in beside.get(name, []) if c != name and (service_anchor(c), c) in grouped]
        if others and anchor == service_anchor(name):
            paragraph = _add(section, "p", "In the same task: ")
            for other in others:
                link = _add(paragraph, "a", other, {"href": f"#decisions-{service_anchor(other)}"})
                link.tail = " "
        _table(section, ("what", "outcome", "becomes", "why", "where"), map(_decision, decisions))


def _decision(decision: Decision) -> tuple[str, ...]:
    where = f"{decision.position.file}:{decision.position.line}" if decision.position else ""
    return (
        f"`{_below(decision.path)}`",
        decision.outcome,
        listed(f"`{id_}`" for id_ in decision.becomes),
        decision.reason,
        f"`{where}`" if where else "",
    )


def _below(path: Path) -> str:
    """A path inside of its section: `ports[0]` below `services.api`; the service itself by its whole path."""
    below = path[2:] if path[0] == "services" else path[1:]
    return people_path(below or path)


def _panel(body: ET.Element) -> None:
    """What the script fills with the decisions of the service that was chosen."""
    panel = _add(body, "dialog", attributes={"id": "panel", "aria-label": "Decisions"})
    _add(panel, "button", "Close", {"type": "button", "id": "close"})
    _add(panel, "div", attributes={"id": "chosen", "tabindex": "-1"})


def _table(parent: ET.Element, header: Sequence[str], cells: Iterable[Sequence[str]]) -> None:
    table = _add(parent, "table")
    head = _add(_add(table, "thead"), "tr")
    for title in header:
        _add(head, "th", title, {"scope": "col"})
    body = _add(table, "tbody")
    for row in cells:
        line = _add(body, "tr")
        line.tail = "\n"
        for text in row:
            _prose(_add(line, "td"), text)


def _prose(element: ET.Element, text: str) -> None:
    """Fills the element with text; what stands between backticks is code."""
    parts = visible(text).split("`")
    if len(parts) % 2 == 0:
        element.text = "`".join(parts)
        return
    element.text = parts[0]
    for code, after in zip(parts[1::2], parts[2::2], strict=True):
        _add(element, "code", code).tail = after


def _add(parent: ET.Element, tag: str, text: str = "", attributes: Mapping[str, str] | None = None) -> ET.Element:
    element = ET.SubElement(parent, tag, dict(attributes or {}))
    element.text = text if tag in ("style", "script") else visible(text) + (" " if text.endswith(" ") else "")
    return element
