"""What a project gets on AWS, in six lines: where it is reached, what is managed, what runs, data, what is missing."""

from __future__ import annotations

from collections.abc import Sequence

import click

from compose2aws.planning.model import ExistingNetwork, Job, MemcachedCluster, Plan, Service
from compose2aws.planning.model.managed import snapshot_of
from compose2aws.report.advice import Meaning, Section
from compose2aws.report.layout import counted, listed, markdown, without_backticks, wrapped
from compose2aws.report.managed import title
from compose2aws.report.route import url_text
from compose2aws.report.table.values import missing_values

NOTHING_PUBLIC = (
    "Nothing is public: nobody can reach this project from the internet. "
    "`x-aws: {public: true}` in a service publishes its ports (`x-aws.public`)."
)
_URLS = 5
_LABEL = 12
_NOUNS: dict[Meaning, tuple[str, str]] = {
    "refused": ("refusal", "refusals"),
    "error": ("error", "errors"),
    "dropped": ("thing left out", "things left out"),
    "warning": ("warning", "warnings"),
    "note": ("note", "notes"),
}


def overview(plan: Plan, sections: Sequence[Section]) -> tuple[tuple[str, str], ...]:
    """Labels and what is said of them. `sections` are what the page tells below."""
    every = (
        ("Reached at", _addresses(plan)),
        ("Managed", _managed(plan)),
        ("Runs", _running(plan)),
        ("Data", _data(plan)),
        ("To give", _missing(plan)),
        ("To look at", listed(counted(len(s.advice), *_NOUNS[s.meaning]) for s in sections) or "nothing was found"),
    )
    return tuple((label, text) for label, text in every if text)


def overview_lines(lines: Sequence[tuple[str, str]], width: int) -> list[str]:
    """For a terminal."""
    told = []
    for label, text in lines:
        first, *more = wrapped(without_backticks(text), width, label.ljust(_LABEL))
        told += [click.style(first[:_LABEL], bold=True) + first[_LABEL:], *more]
    return told


def overview_markdown(lines: Sequence[tuple[str, str]]) -> list[str]:
    """For a README."""
    return [f"- **{markdown(label)}**: {markdown(text)}" for label, text in lines]


def _addresses(plan: Plan) -> str:
    if not plan.urls:
        return "nowhere from the internet, only from inside its network"
    told = listed((f"{url_text(url)} ({url.service})" for url in plan.urls), _URLS)
    if any(url.host is None for url in plan.urls):
        told += "; (balancer) is the load balancer's own name, which the deployment tells"
    return told


def _managed(plan: Plan) -> str:
    products: dict[str, list[str]] = {}
    for item in plan.managed:
        products.setdefault(title(item), []).append(item.service)
    return "; ".join(f"{product} for {listed(services)}" for product, services in products.items())


def _running(plan: Plan) -> str:
    services = sum(isinstance(workload, Service) for workload in plan.workloads)
    jobs = sum(isinstance(workload, Job) and not workload.once_for for workload in plan.workloads)
    on_hosts = [workload.name for workload in plan.workloads if workload.task.compatibility == "EC2"]
    counts = listed(counted(n, noun) for n, noun in ((services, "service"), (jobs, "job")) if n)
    if not counts:
        return "no container"
    where = "on ECS Fargate" if not on_hosts else f"on ECS, {listed(on_hosts)} on EC2 instances and the rest on Fargate"
    if on_hosts and len(on_hosts) == len(plan.workloads):
        where = "on ECS, on EC2 instances"
    network = f"your VPC {plan.network.vpc}" if isinstance(plan.network, ExistingNetwork) else "a VPC over two zones"
    return f"{counts} {where}, in {network}"


def _data(plan: Plan) -> str:
    keeping = [item for item in plan.managed if not isinstance(item, MemcachedCluster)]
    copies = [item.service for item in keeping if snapshot_of(item)]
    empty = [item.service for item in keeping if item.service not in copies]
    volumes = [point.volume for point in plan.file_system.access_points] if plan.file_system else []
    told = [f"{listed(copies)}: a copy of a snapshot"] if copies else []
    if empty:
        told.append(f"{listed(empty)}: empty at first, what is in the local volumes is not copied")
    if volumes:
        folders = counted(len(volumes), "folder")
        told.append(f"{folders} on EFS for what containers write")
    return "; ".join(told) or "none is kept: no database and no volume"


def _missing(plan: Plan) -> str:
    names = missing_values(plan)
    return f"{listed((f'`{name}`' for name in names), 8)}: set in your environment or `.env` to deploy" if names else ""
