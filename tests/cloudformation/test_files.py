"""The files: templates as text, the bake file, the manifest."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

import pytest
import yaml

from compose2aws.cloudformation import emit, manifest, render
from compose2aws.cloudformation.writing import text_of
from compose2aws.planning.model import BakeTarget, BuiltImage

from .plans import bare_plan, built, full_plan
from .test_templates import resources


@pytest.mark.parametrize(
    "text",
    [
        "1e3",
        "089",
        "0o17",
        "22:22",
        "y",
        "no",
        "~",
        "null",
        "=",
        "<<",
        "2026-01-01",
        ".5",
        "-1",
        "+1",
        "0x1F",
        "1_000",
        "",
    ],
)
def test_a_text_that_a_reader_might_take_for_something_else_is_quoted(text: str) -> None:
    line = text_of({"value": text}, "yaml")
    assert line in (f"value: '{text}'\n", f'value: "{text}"\n')


@pytest.mark.parametrize(
    "text", ["a: b", "# no", "- x", "${x}", "a\nb\n", " lead", "tail ", "tab\t", "é ☃", "{{x}}", "x" * 500]
)
def test_any_text_survives(text: str) -> None:
    assert yaml.safe_load(text_of({"value": [text]}, "yaml")) == {"value": [text]}
    assert json.loads(text_of({"value": [text]}, "json")) == {"value": [text]}


def test_templates_have_no_aliases_and_long_functions() -> None:
    for name, content in render(emit(full_plan())).items():
        if ".template." in name:
            lines = content.decode().splitlines()
            assert not [line for line in lines if ": !" in line or ": &" in line or ": *" in line.replace(": '*", "")]


def test_the_files_of_a_project() -> None:
    assert set(render(emit(full_plan()))) == {
        "shop-base.template.yaml",
        "shop-app.template.yaml",
        "images.bake.json",
        "manifest.json",
    }
    assert set(render(emit(bare_plan()), "json")) == {
        "shop-base.template.json",
        "shop-app.template.json",
        "manifest.json",
    }


def test_the_manifest_tells_what_to_deploy_in_which_order() -> None:
    made = manifest(emit(full_plan()), "json")
    assert (made["version"], made["project"]) == (1, "shop")
    assert made["files"] == ["images.bake.json", "manifest.json", "shop-app.template.json", "shop-base.template.json"]
    assert [(s["name"], s["template"], s["depends_on"]) for s in made["stacks"]] == [
        ("shop-base", "shop-base.template.json", []),
        ("shop-app", "shop-app.template.json", ["shop-base"]),
    ]
    assert made["images"][0] == {
        "service": "api",
        "target": "api",
        "parameter": "ApiImage",
        "repository": "ApiRepository",
    }
    jwt = next(parameter for parameter in made["stacks"][1]["parameters"] if parameter["name"] == "JwtSecret")
    assert jwt == {
        "name": "JwtSecret",
        "secret": True,
        "required": True,
        "source": "variable:JWT_SECRET",
        "description": "JWT_SECRET of api",
    }


def bake(*images: BuiltImage) -> dict[str, Any]:
    return emit(bare_plan(images=images)).bake


def test_images_are_built_alike_each_time() -> None:
    api = bake(built("api"))["target"]["api"]
    assert api["context"] == "./apps/api"
    assert api["platforms"] == ["linux/amd64"]
    assert api["attest"] == ["type=provenance,disabled=true", "type=sbom,disabled=true"]
    assert api["args"] == {"SOURCE_DATE_EPOCH": "${SOURCE_DATE_EPOCH}"}
    assert api["tags"] == ["${ApiImage_TAG}"]


def test_what_an_image_is_built_on_is_a_target_and_is_not_pushed() -> None:
    derived = BakeTarget(
        "api", ".", dockerfile_inline="FROM base\nCOPY a b\nENV P=${HOME}\n", contexts=(("base", "target:api-base"),)
    )
    image = replace(built("api"), target=derived, intermediate=(BakeTarget("api-base", "./apps/api"),))
    made = bake(image)
    assert made["group"]["default"]["targets"] == ["api"]
    assert "tags" not in made["target"]["api-base"]
    assert made["target"]["api"]["contexts"] == {"base": "target:api-base"}
    assert made["target"]["api"]["dockerfile-inline"] == "FROM base\nCOPY a b\nENV P=$${HOME}\n"


def test_build_arguments_are_interpolated_only_by_their_own_variables() -> None:
    target = BakeTarget(
        "api",
        ".",
        arguments=(("VERSION", "v${TAG}-${OTHER}"), ("TOKEN", None), ("PLAIN", "100%{x}")),
        variables=(("TAG", "1"),),
        secrets=("id=npm,env=NPM_TOKEN",),
        labels=(("a", "b"),),
        no_cache=True,
        stage="release",
        shared_memory="1g",
    )
    made = bake(replace(built("api"), target=target))
    assert made["target"]["api"]["args"] == {
        "SOURCE_DATE_EPOCH": "${SOURCE_DATE_EPOCH}",
        "VERSION": "v${TAG}-$${OTHER}",
        "TOKEN": '${TOKEN != "" ? TOKEN : null}',
        "PLAIN": "100%%{x}",
    }
    assert made["variable"]["TAG"] == {"default": "1"}
    assert made["target"]["api"]["secret"] == ["id=npm,env=NPM_TOKEN"]
    assert (made["target"]["api"]["no-cache"], made["target"]["api"]["target"]) == (True, "release")


def test_repositories_scan_keep_tags_and_empty_themselves() -> None:
    repository = resources(emit(full_plan()))["ApiRepository"]
    assert repository["Properties"]["ImageTagMutability"] == "IMMUTABLE"
    assert repository["Properties"]["EmptyOnDelete"] is True
    assert repository["Properties"]["RepositoryName"] == "shop/api"
    rules = json.loads(repository["Properties"]["LifecyclePolicy"]["LifecyclePolicyText"])["rules"]
    assert [(rule["selection"]["tagStatus"], rule["selection"]["countNumber"]) for rule in rules] == [
        ("untagged", 30),
        ("tagged", 100),
    ]


def test_a_cold_import_brings_in_no_account_and_no_linter() -> None:
    code = "import sys, compose2aws.cloudformation as c; print(*{m.split('.')[0] for m in sys.modules})"
    modules = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"boto3", "botocore", "moto", "cfnlint", "rich"} & set(modules)
