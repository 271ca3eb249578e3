"""Images: the name that AWS pulls, and the bake file's targets."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from compose2aws.catalog import parse_image
from compose2aws.cloudformation import emit
from compose2aws.planning.identity import digest
from compose2aws.planning.image import pullable, target_name
from compose2aws.planning.model import BakeTarget, BuiltImage, Plan, RegistryImage
from tests.planning.projects import (
    becomes,
    catalog,
    container,
    decision,
    finding,
    findings,
    outcome,
    planned,
    refused,
    task,
)


def built(made: Plan, service: str) -> BuiltImage:
    return next(image for image in made.images if image.service == service)


def target(made: Plan, service: str) -> BakeTarget:
    return built(made, service).target


@pytest.mark.parametrize(
    ("written", "pulled"),
    [
        ("nginx", "public.ecr.aws/docker/library/nginx:latest"),
        ("nginx:1.27", "public.ecr.aws/docker/library/nginx:1.27"),
        ("library/nginx:1.27", "public.ecr.aws/docker/library/nginx:1.27"),
        ("docker.io/library/nginx:1.27", "public.ecr.aws/docker/library/nginx:1.27"),
        ("docker.io/nginx", "public.ecr.aws/docker/library/nginx:latest"),
        ("nginx@sha256:" + "a" * 64, "public.ecr.aws/docker/library/nginx@sha256:" + "a" * 64),
        ("nginx:1.27@sha256:" + "a" * 64, "public.ecr.aws/docker/library/nginx:1.27@sha256:" + "a" * 64),
        ("acme/api", "acme/api"),
        ("acme/nginx:2", "acme/nginx:2"),
        ("ghcr.io/library/nginx", "ghcr.io/library/nginx"),
        ("localhost:5000/nginx", "localhost:5000/nginx"),
        ("registry.example.com:5000/team/app:1", "registry.example.com:5000/team/app:1"),
        ("an-official-image-nobody-mirrors", "an-official-image-nobody-mirrors"),
    ],
)
def test_official_images_come_from_amazons_mirror_and_others_as_they_are_written(written: str, pulled: str) -> None:
    assert pullable(written, parse_image(written), catalog()) == pulled


def test_a_mirrored_image_is_adapted_and_another_is_translated(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  web: {image: 'nginx:1'}\n  api: {image: acme/api}\n")
    assert (outcome(made, "services.web.image"), outcome(made, "services.api.image")) == ("adapted", "translated")
    assert "public.ecr.aws/docker/library/nginx:1" in decision(made, "services.web.image").reason
    assert container(made, "api").image == RegistryImage("acme/api")


def test_a_private_registry_is_read_with_its_credentials(tmp_path: Path) -> None:
    arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:registry"
    made = planned(
        tmp_path,
        f"services:\n  api:\n    image: ghcr.io/acme/api\n    x-aws: {{registry-credentials: '{arn}'}}\n",
    )
    assert container(made, "api").image == RegistryImage("ghcr.io/acme/api", arn)
    assert outcome(made, "services.api.x-aws.registry-credentials") == "translated"


@pytest.mark.parametrize("image", ["acme/api:${TAG}", "${REGISTRY}/api:1", "acme/api@${DIGEST}"])
def test_an_incomplete_name_is_refused_and_names_the_unset_variable(tmp_path: Path, image: str) -> None:
    made = planned(tmp_path, f"services:\n  api: {{image: '{image}'}}\n")
    assert refused(made) == {"services.api.image": "invalid-image"}
    variable = image[image.index("{") + 1 : image.index("}")]
    told = finding(made, "invalid-image")
    assert variable in told.message
    assert variable in told.remedy
    assert told.position is not None
    assert told.position.line == 2


def test_a_default_completes_a_name(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: 'acme/api:${TAG:-3}'}\n")
    assert container(made, "api").image == RegistryImage("acme/api:3")


# ── built images ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_build_is_a_target_and_a_repository(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api:
            image: acme/api:local
            build:
              context: ./apps/api
              dockerfile: build/Dockerfile
              target: runtime
              args: {NODE: "20"}
              labels: {team: shop}
              additional_contexts: {shared: ./shared, base: docker-image://alpine, other: service:web}
              cache_from: ["type=registry,ref=acme/cache"]
              cache_to: [type=inline]
              network: host
              no_cache: true
              pull: true
              ssh: [default]
              shm_size: 128m
          web: {build: ./web}
        """,
    )
    api = target(made, "api")
    assert (api.name, api.context, api.dockerfile, api.stage) == ("api", "apps/api", "build/Dockerfile", "runtime")
    assert dict(api.arguments) == {"NODE": "20"}
    assert dict(api.contexts) == {"shared": "shared", "base": "docker-image://alpine", "other": "target:web"}
    assert api.cache_from == ("type=registry,ref=acme/cache",)
    assert (api.cache_to, api.network, api.no_cache, api.pull) == (("type=inline",), "host", True, True)
    assert api.labels == (("team", "shop"),)
    assert api.ssh
    assert becomes(made, "services.api.build") == {"ApiRepository", "ApiTaskDefinition"}
    assert outcome(made, "services.api.image") == "adapted"
    assert container(made, "api").image == built(made, "api")
    assert built(made, "api").parameter == "ApiImage"


def test_contexts_are_relative_to_the_projects_folder_wherever_it_lies(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "project"
    folder.mkdir(parents=True)
    made = planned(
        folder,
        """
        services:
          up: {build: ../lib}
          here: {build: .}
          remote: {build: "https://github.com/acme/app.git#main"}
        """,
    )
    contexts = {image.service: image.target.context for image in made.images}
    assert contexts == {"up": "../lib", "here": ".", "remote": "https://github.com/acme/app.git#main"}
    assert str(tmp_path) not in json.dumps(emit(made).bake)


def test_an_inline_dockerfile_stands_in_for_the_file(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api:\n    build: {context: ., dockerfile_inline: 'FROM alpine'}\n")
    assert (target(made, "api").dockerfile, target(made, "api").dockerfile_inline) == (None, "FROM alpine")


@pytest.mark.parametrize(
    ("lines", "platform", "architecture"),
    [
        ("platform: linux/arm64", "linux/arm64", "ARM64"),
        ("platform: linux/arm64/v8", "linux/arm64", "ARM64"),
        ("platform: linux/amd64", "linux/amd64", "X86_64"),
        ("x-aws: {architecture: arm64}", "linux/arm64", "ARM64"),
        ("platform: linux/arm64\n    x-aws: {architecture: x86_64}", "linux/amd64", "X86_64"),
        ("restart: always", "linux/amd64", "X86_64"),
    ],
)
def test_the_image_is_built_for_the_tasks_platform(
    tmp_path: Path, lines: str, platform: str, architecture: str
) -> None:
    made = planned(tmp_path, f"services:\n  api:\n    build: .\n    {lines}\n")
    assert target(made, "api").platforms == (platform,)
    assert task(made, "api").architecture == architecture


def test_a_build_argument_that_is_a_secret_is_named_and_never_written(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          my-api:
            build:
              context: .
              args:
                NPM_TOKEN: sesame-written
                CONFIG: ${DEPLOY_SECRET}
                TOKEN_TTL: "60"
                VERSION: "1"
        """,
        environment={"DEPLOY_SECRET": "sesame-given"},
    )
    written = json.dumps(emit(made).bake) + repr(made.decisions) + repr(made.findings)
    assert "sesame" not in written
    arguments = dict(target(made, "my-api").arguments)
    assert arguments == {
        "NPM_TOKEN": f"${{MY_API_NPM_TOKEN_{digest('my-api/NPM_TOKEN').upper()}}}",
        "CONFIG": f"${{MY_API_CONFIG_{digest('my-api/CONFIG').upper()}}}",
        "TOKEN_TTL": "60",
        "VERSION": "1",
    }
    assert [f"${{{name}}}" for name, default in target(made, "my-api").variables if not default] == [
        arguments["NPM_TOKEN"],
        arguments["CONFIG"],
    ]
    assert len(findings(made, "secret-build-argument")) == 2


def test_two_arguments_never_take_one_variable_of_the_builder(tmp_path: Path) -> None:
    names = ("my-api", "my_api", "my", "api", "api_b")
    text = "services:\n" + "".join(
        f"  {name}: {{build: {{context: ., args: {{TOKEN: a, B_TOKEN: b, API_TOKEN: c, api_token: d}}}}}}\n"
        for name in names
    )
    made = planned(tmp_path, text)
    variables = [name for image in made.images for name, _ in image.target.variables]
    assert len(variables) == 20
    assert len(set(variables)) == 20
    assert "API_B_TOKEN" in variables


@pytest.mark.parametrize(
    ("line", "result"),
    [
        ("context: https://me:sesame-token@github.com/acme/x.git", "refused"),
        ("dockerfile_inline: 'ENV API_TOKEN=sesame-inline'", "refused"),
        ("additional_contexts: {shared: https://me:sesame-token@example.com/x.git}", "refused"),
        ("labels: {api.token: sesame-label}", "dropped"),
        ("cache_to: ['type=s3,secret_access_key=sesame-key']", "dropped"),
        ("args: {DATABASE: 'postgres://me:sesame@db/x'}", "translated"),
    ],
)
def test_no_secret_of_a_build_is_in_the_bake_file(tmp_path: Path, line: str, result: str) -> None:
    made = planned(tmp_path, f"services:\n  api:\n    build:\n      network: host\n      {line}\n")
    outcomes = {d.outcome for d in made.decisions if d.path[:3] == ("services", "api", "build")}
    assert result in outcomes
    if result != "refused":
        assert "sesame" not in json.dumps(emit(made).bake)
    assert "sesame" not in repr(made.decisions) + repr(made.findings)


def test_build_secrets_are_named_by_file_and_variable(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api:
            build:
              context: .
              secrets: [npm, {source: pip, target: pip.conf}]
        secrets:
          npm: {file: ./secret/npmrc}
          pip: {environment: PIP_CONF}
        """,
        {"secret/npmrc": "sesame-npm"},
        environment={"PIP_CONF": "sesame-pip"},
    )
    assert target(made, "api").secrets == ("id=npm,src=secret/npmrc", "id=pip.conf,env=PIP_CONF")
    assert "sesame" not in json.dumps(emit(made).bake)


def test_names_of_targets_are_legal_and_stay_apart() -> None:
    assert target_name("api") == "api"
    assert target_name("my-api_2") == "my-api_2"
    assert target_name("my.api") != target_name("my_api")
    assert target_name("my.api").replace("-", "").replace("_", "").isalnum()


# ── derived images ──────────────────────────────────────────────────────────────────────────────────────────────────


def test_files_are_copied_onto_an_image_of_a_registry(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          web:
            image: nginx:1
            volumes:
              - ./web/nginx.conf:/etc/nginx/nginx.conf:ro
              - ./web/html:/usr/share/nginx/html:ro
        """,
        {"web/nginx.conf": "events {}", "web/html/index.html": "<html>"},
    )
    web = target(made, "web")
    contexts = dict(web.contexts)
    assert contexts.pop("base") == "docker-image://public.ecr.aws/docker/library/nginx:1"
    assert sorted(contexts.values()) == ["web", "web/html"]
    lines = (web.dockerfile_inline or "").splitlines()
    assert lines[1] == "FROM base"
    assert any(line.endswith(" nginx.conf /etc/nginx/nginx.conf") for line in lines)
    assert any(line.endswith(" . /usr/share/nginx/html/") for line in lines)
    assert outcome(made, "services.web.image") == "adapted"
    assert becomes(made, "services.web.image") == {"WebTaskDefinition", "WebRepository"}


def test_files_are_copied_onto_an_image_that_is_built_in_a_second_target(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api:
            build: ./api
            stop_signal: SIGQUIT
            volumes: ["./config.yml:/etc/app/config.yml:ro"]
        """,
        {"config.yml": "a: b", "api/Dockerfile": "FROM alpine"},
    )
    image = built(made, "api")
    assert [one.name for one in image.intermediate] == [target_name("api/base")]
    assert image.target.name == "api"
    assert dict(image.target.contexts)["base"] == f"target:{target_name('api/base')}"
    assert "STOPSIGNAL SIGQUIT" in (image.target.dockerfile_inline or "")
    assert emit(made).bake["group"]["default"]["targets"] == ["api"]


def test_a_stop_signal_alone_derives_an_image(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  web: {image: 'nginx:1', stop_signal: SIGINT}\n")
    assert (target(made, "web").dockerfile_inline or "").endswith("FROM base\nSTOPSIGNAL SIGINT\n")


def test_a_configs_text_stands_in_the_dockerfile(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          web:
            image: nginx:1
            configs: [{source: site, target: /etc/site.conf, mode: 0440}]
        configs:
          site: {content: "listen 80;\\nroot /srv;\\n"}
        """,
    )
    inline = target(made, "web").dockerfile_inline or ""
    assert "listen 80;\nroot /srv;\n" in inline
    assert "/etc/site.conf" in inline
    assert "--chmod=0440" in inline


def test_a_path_with_spaces_is_written_in_the_exec_form(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  web:\n    image: nginx\n    volumes: ['./my site.conf:/etc/my site.conf:ro']\n",
        {"my site.conf": ""},
    )
    assert '["my site.conf", "/etc/my site.conf"]' in (target(made, "web").dockerfile_inline or "")


def test_the_same_files_in_another_order_make_the_same_image(tmp_path: Path) -> None:
    text = "services:\n  web:\n    image: nginx\n    volumes: [{}]\n"
    files = {"a.conf": "", "b.conf": ""}
    one = planned(tmp_path, text.format("./a.conf:/a.conf, ./b.conf:/b.conf"), files)
    other = planned(tmp_path, text.format("./b.conf:/b.conf, ./a.conf:/a.conf"), files)
    assert emit(one).bake == emit(other).bake


def test_an_image_that_docker_does_not_read_is_refused(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: 'apache/airflow:|version|'}")
    assert refused(made) == {"services.api.image": "invalid-image"}
    assert "'apache/airflow:|version|', is no image reference" in finding(made, "invalid-image").message


@pytest.mark.parametrize(
    ("image", "what"),
    [("Nginx Latest!!", "is no image reference"), ("nginx:", "is not complete"), ("a b", "is no image")],
)
def test_an_image_that_is_refused_is_shown_as_it_is_written(tmp_path: Path, image: str, what: str) -> None:
    told = finding(planned(tmp_path, f"services:\n  api: {{image: '{image}'}}"), "invalid-image").message
    assert repr(image) in told
    assert what in told


def test_an_image_that_holds_a_secret_is_not_shown(tmp_path: Path) -> None:
    text = "services:\n  api: {image: 'acme/api:hunter2zz!!', environment: {API_TOKEN: hunter2zz}}"
    assert "hunter2zz" not in finding(planned(tmp_path, text), "invalid-image").message


def test_a_build_argument_that_is_another_services_secret_is_not_written(tmp_path: Path) -> None:
    text = """
        services:
          app: {build: {context: ., args: {EXTRA: tulips-77, OTHER: roses-88}}}
          worker: {image: acme/worker, environment: {API_TOKEN: tulips-77}}
    """
    made = planned(tmp_path, text, {"Dockerfile": "FROM scratch"})
    assert "tulips" not in repr(made.images) + repr(made.workloads)
    assert "roses-88" in repr(made.images)
    assert [f.path for f in made.findings if f.code == "secret-build-argument"] == [
        ("services", "app", "build", "args", "EXTRA")
    ]
