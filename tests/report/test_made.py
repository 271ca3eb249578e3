"""What `synth` says when it is done."""

from __future__ import annotations

from dataclasses import replace

import click

from compose2aws.planning.model import Plan, PublicUrl
from compose2aws.report import made

FILES = ("images.bake.json", "manifest.json", "shop-app.template.yaml", "shop-base.template.yaml")
NEXT = (("look", "at them"), ("rehearse", "it"))
RESOURCES = {"shop-base.template.yaml": 41, "shop-app.template.yaml": 1}


def told(plan: Plan, removed: tuple[str, ...] = ()) -> list[str]:
    return click.unstyle(made.text(plan, "aws.out", FILES, RESOURCES, removed, NEXT)).splitlines()


def test_every_file_is_told_with_what_is_in_it_in_deploy_order(plan: Plan) -> None:
    assert told(plan)[:5] == [
        "shop on AWS (production), in aws.out:",
        "  shop-base.template.yaml  41 resources",
        "  shop-app.template.yaml   1 resource",
        "  images.bake.json         2 images: api, web",
        "  manifest.json            what deploys need to know",
    ]


def test_public_urls_and_the_next_step_are_told(plan: Plan) -> None:
    assert told(plan)[5:] == [
        "",
        "Public:",
        "  https://api.example.com  api",
        "  https://web.example.com  web",
        "",
        "Next:",
        "  look      at them",
        "  rehearse  it",
    ]


def test_a_balancers_own_name_is_explained(plan: Plan) -> None:
    lines = told(replace(plan, urls=(PublicUrl("api", "http", None, 3001, "/x"),)))
    assert "  http://(balancer):3001/x  api" in lines
    assert any(line.startswith("  (balancer) is ") for line in lines)


def test_the_first_line_says_that_nothing_is_public(plan: Plan) -> None:
    first = told(replace(plan, urls=()))[0]
    assert first.startswith("Nothing is public")
    assert "x-aws.public" in first


def test_what_was_removed_is_told(plan: Plan) -> None:
    assert "  (removed, no longer made: old.template.json)" in told(plan, ("old.template.json",))
