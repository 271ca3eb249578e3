"""Each image is built once: from the same inputs never again, and from others at once."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from compose2aws.delivery.images import content_tags, digests, known_digests
from compose2aws.delivery.refusal import DeliveryError
from tests.delivery.images.conftest import Shop, Told

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def deployed(shop: Shop, told: Told | None = None) -> dict[str, str]:
    return digests(shop.request(), told or Told())


def test_images_are_built_pushed_and_known_by_their_digest(shop: Shop) -> None:
    found = deployed(shop)
    assert found.keys() == {"ApiImage", "WebImage"}
    assert all(DIGEST.fullmatch(digest) for digest in found.values())
    [build] = shop.builds
    assert sorted(build["targets"]) == ["api", "web"]
    assert build["folder"] == str(shop.folder)
    held = shop.account.client("ecr").describe_images(repositoryName="shop-api")["imageDetails"]
    assert [image["imageDigest"] for image in held] == [found["ApiImage"]]
    assert held[0]["imageTags"] == [content_tags(shop.request())["ApiImage"]]


def test_a_build_is_a_step_and_finding_what_is_there_is_none(shop: Shop) -> None:
    told = Told()
    deployed(shop, told)
    assert told.steps == ["Building and pushing 2 images"]
    deployed(shop, told)
    shop.write("web/index.html", "another")
    deployed(shop, told)
    assert told.steps[1:] == ["Building and pushing 1 image"]


def test_what_is_unchanged_is_not_built_again(shop: Shop) -> None:
    first = deployed(shop)
    assert shop.built(lambda: deployed(shop)) == []
    assert deployed(shop) == first == known_digests(shop.request())


def test_a_changed_file_builds_its_own_image_alone(shop: Shop) -> None:
    first = deployed(shop)
    shop.write("web/main.js", "console.log('new')\n")
    assert known_digests(shop.request()) == {"ApiImage": first["ApiImage"]}
    assert shop.built(lambda: deployed(shop)) == ["web"]
    second = deployed(shop)
    assert second["ApiImage"] == first["ApiImage"]
    assert second["WebImage"] != first["WebImage"]


def test_an_ignored_file_builds_nothing(shop: Shop) -> None:
    deployed(shop)
    shop.write("web/debug.log", "noise")
    shop.write("web/node_modules/left-pad/index.js", "1")
    shop.write("README.md", "outside of all contexts")
    assert shop.built(lambda: deployed(shop)) == []


def test_the_ignore_file_of_a_dockerfile_goes_before_the_contexts(shop: Shop) -> None:
    shop.write("web/Dockerfile.dockerignore", "*.txt\n")
    before = content_tags(shop.request())["WebImage"]
    shop.write("web/notes.txt", "ignored by it")
    assert content_tags(shop.request())["WebImage"] == before
    shop.write("web/debug.log", "not ignored now")
    assert content_tags(shop.request())["WebImage"] != before


@pytest.mark.parametrize(
    ("written", "instead"),
    [("LEVEL: info", "LEVEL: debug"), ("context: api", "context: api\n      target: production")],
)
def test_a_changed_setting_builds_anew(shop: Shop, written: str, instead: str) -> None:
    shop.write("api/Dockerfile", "FROM node:22 AS production\nCOPY . .\nCMD node main.js\n")
    before = content_tags(shop.request())
    text = (shop.folder / "compose.yaml").read_text()
    shop.write("compose.yaml", text.replace(written, instead))
    after = content_tags(shop.request())
    assert after["ApiImage"] != before["ApiImage"]
    assert after["WebImage"] == before["WebImage"]


def test_a_dockerfile_outside_of_the_context_counts(shop: Shop) -> None:
    text = (shop.folder / "compose.yaml").read_text()
    shop.write("docker/web.Dockerfile", "FROM nginx:1.27\nCOPY . /srv\n")
    shop.write(
        "compose.yaml",
        text.replace("build: web", "build: {context: web, dockerfile: ../docker/web.Dockerfile}"),
    )
    before = content_tags(shop.request())["WebImage"]
    shop.write("docker/web.Dockerfile", "FROM nginx:1.28\nCOPY . /srv\n")
    assert content_tags(shop.request())["WebImage"] != before


def test_the_base_of_another_service_counts(shop: Shop) -> None:
    text = (shop.folder / "compose.yaml").read_text()
    shop.write(
        "compose.yaml",
        text.replace("build: web", "build: {context: web, additional_contexts: {api: 'service:api'}}"),
    )
    before = content_tags(shop.request())
    shop.write("api/main.js", "console.log('new')\n")
    after = content_tags(shop.request())
    assert after["ApiImage"] != before["ApiImage"]
    assert after["WebImage"] != before["WebImage"]


def test_a_mounted_file_is_baked_in_although_the_project_keeps_it_from_builds(shop: Shop) -> None:
    text = (shop.folder / "compose.yaml").read_text()
    shop.write("nginx.conf", "server { listen 80; }\n")
    shop.write(".dockerignore", "nginx.conf\n")
    proxy = "\n  proxy:\n    image: ghcr.io/acme/proxy:1\n    volumes: ['./nginx.conf:/etc/nginx/nginx.conf:ro']\n"
    shop.write("compose.yaml", text + proxy)
    assert "proxy" in shop.built(lambda: deployed(shop))
    assert any(place.startswith("fs.read=") and "files0" in place for place in shop.builds[-1]["allow"])


def test_source_code_that_is_mounted_is_built_anew_when_it_changes_and_not_for_what_it_leaves_out(shop: Shop) -> None:
    text = (shop.folder / "compose.yaml").read_text()
    proxy = "  proxy:\n    image: nginx:1.27\n    ports: ['8081:80']\n    volumes: ['./web:/srv/web']\n"
    shop.write("compose.yaml", text + proxy)
    before = content_tags(shop.request())["ProxyImage"]
    shop.write("web/build.log", "named in its .dockerignore")
    shop.write("api/main.js", "another service's")
    assert content_tags(shop.request())["ProxyImage"] == before
    shop.write("web/main.js", "console.log('the next release')")
    assert content_tags(shop.request())["ProxyImage"] != before
    assert "proxy" in shop.built(lambda: deployed(shop))
    assert not any("fs.read=" in place for place in shop.builds[-1]["allow"])  # no copy without its .dockerignore


def test_a_secret_file_is_built_into_nothing(shop: Shop) -> None:
    text = (shop.folder / "compose.yaml").read_text()
    proxy = "  proxy:\n    image: nginx:1.27\n    ports: ['8081:80']\n    volumes: ['./proxy.key:/etc/proxy.key:ro']\n"
    shop.write("compose.yaml", text + proxy)
    shop.write("proxy.key", "the first key")
    before = content_tags(shop.request())["ProxyImage"]
    shop.write("proxy.key", "the second key")
    shop.write("README.md", "the folder is no context of the image")
    assert content_tags(shop.request())["ProxyImage"] == before
    assert "proxy" in shop.built(lambda: deployed(shop))


def test_a_mounted_file_that_is_baked_in_counts_and_no_other_file_of_its_folder(shop: Shop) -> None:
    text = (shop.folder / "compose.yaml").read_text()
    shop.write("nginx.conf", "server { listen 80; }\n")
    volumes = "['./nginx.conf:/etc/nginx/nginx.conf:ro']"
    proxy = f"  proxy:\n    image: nginx:1.27\n    ports: ['8081:80']\n    volumes: {volumes}\n"
    shop.write("compose.yaml", text + proxy)
    before = content_tags(shop.request())["ProxyImage"]
    shop.write("README.md", "beside it")
    shop.write("api/main.js", "another service's")
    assert content_tags(shop.request())["ProxyImage"] == before
    shop.write("nginx.conf", "server { listen 8080; }\n")
    assert content_tags(shop.request())["ProxyImage"] != before


def test_a_secret_build_argument_changes_no_tag_and_reaches_the_build(shop: Shop) -> None:
    before = content_tags(shop.request())
    shop.environment["NPM_TOKEN"] = "npm_an0therS3cretV4lue"
    assert content_tags(shop.request()) == before
    deployed(shop)
    assert shop.builds[0]["variables"]["API_NPM_TOKEN"] == "npm_an0therS3cretV4lue"


def test_an_argument_from_the_environment_counts_unless_it_is_a_secret(shop: Shop) -> None:
    text = (shop.folder / "compose.yaml").read_text()
    shop.write("compose.yaml", text.replace("build: web", "build: {context: web, args: [REVISION, DEPLOY_TOKEN]}"))
    shop.environment |= {"REVISION": "1", "DEPLOY_TOKEN": "t0ken-of-the-first-day"}
    before = content_tags(shop.request())
    shop.environment["DEPLOY_TOKEN"] = "t0ken-of-the-second-day"
    assert content_tags(shop.request()) == before
    shop.environment["REVISION"] = "2"
    after = content_tags(shop.request())
    assert after["WebImage"] != before["WebImage"]
    assert after["ApiImage"] == before["ApiImage"]


def test_a_secret_that_only_the_build_knows_is_not_hashed(shop: Shop) -> None:
    request = shop.request()
    api, web = request.templates.images
    target = replace(web.target, arguments=(("LATE_TOKEN", None), ("LATE_LEVEL", None)))
    templates = replace(request.templates, images=(api, replace(web, target=target)))

    def tag(**given: str) -> str | None:
        environment = {**request.environment, **given}
        return content_tags(replace(request, templates=templates, environment=environment))["WebImage"]

    assert tag(LATE_TOKEN="t0ken-of-the-first-day") == tag(LATE_TOKEN="t0ken-of-the-second-day")
    assert tag(LATE_LEVEL="1") != tag(LATE_LEVEL="2")


def test_the_time_in_images_is_the_bake_files(shop: Shop) -> None:
    shop.environment["SOURCE_DATE_EPOCH"] = "1700000000"
    deployed(shop)
    assert "SOURCE_DATE_EPOCH" not in shop.builds[0]["variables"]


def test_an_interrupted_build_leaves_no_login(shop: Shop) -> None:
    class Interrupted(Told):
        def output(self, line: str) -> None:
            if line.startswith("the login"):
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        digests(shop.request(), Interrupted())
    [build] = shop.builds
    assert not Path(build["config_folder"]).exists()


def test_no_hash_of_a_secret_is_stored(shop: Shop) -> None:
    """Neither the value nor a hash of it alone stands in what is pushed or recorded."""
    deployed(shop)
    secret = shop.environment["NPM_TOKEN"]
    images = json.dumps(shop.account.client("ecr").describe_images(repositoryName="shop-api"), default=str)
    for made in (secret, hashlib.sha256(secret.encode()).hexdigest()[:40]):
        assert made not in images


@pytest.mark.parametrize("context", ["https://github.com/acme/web.git", "git@github.com:acme/web.git#main"])
def test_a_remote_context_is_built_every_time(shop: Shop, context: str) -> None:
    text = (shop.folder / "compose.yaml").read_text()
    shop.write("compose.yaml", text.replace("build: web", f"build: '{context}'"))
    assert content_tags(shop.request())["WebImage"] is None
    assert shop.built(lambda: deployed(shop)) == ["api", "web"]
    assert shop.built(lambda: deployed(shop)) == ["web"]


def test_no_secret_is_printed(shop: Shop) -> None:
    shop.environment["DATABASE_PASSWORD"] = "correct-horse-battery"
    told = Told()
    request = shop.request()
    digests(replace(request, secrets=frozenset({"(api)"})), told)
    token = shop.account.client("ecr").get_authorization_token()["authorizationData"][0]["authorizationToken"]
    printed = "\n".join(told.lines)
    assert "#1 with API_NPM_TOKEN=****" in told.lines
    assert "the login is ****" in told.lines
    for secret in ("npm_r4nd0mS3cretV4lue", token, base64.b64decode(token).decode().partition(":")[2]):
        assert secret not in printed
        assert secret not in json.dumps([build["arguments"] for build in shop.builds])


def test_the_login_is_in_a_config_of_its_own_that_goes_with_the_build(shop: Shop) -> None:
    own = shop.home / ".docker"
    (own / "cli-plugins").mkdir(parents=True)
    (own / "buildx").mkdir()
    (own / "config.json").write_text(json.dumps({"credsStore": "desktop", "auths": {"ghcr.io": {"auth": "eA=="}}}))
    deployed(shop)
    [build] = shop.builds
    assert build["config"]["credsStore"] == "desktop"
    assert build["registries"] == ["123456789012.dkr.ecr.us-east-1.amazonaws.com", "ghcr.io"]
    assert build["config_entries"] == ["buildx", "cli-plugins", "config.json"]
    assert build["config_mode"] == "0o700"
    assert not Path(build["config_folder"]).exists()
    assert (own / "cli-plugins").is_dir()
    assert json.loads((own / "config.json").read_text())["auths"] == {"ghcr.io": {"auth": "eA=="}}


def test_a_config_that_is_no_json_is_told(shop: Shop) -> None:
    (shop.home / ".docker").mkdir()
    (shop.home / ".docker" / "config.json").write_text("{")
    with pytest.raises(DeliveryError, match=r"config\.json cannot be read"):
        deployed(shop)


def test_a_build_that_fails_names_the_service_and_shows_its_last_lines(shop: Shop) -> None:
    with pytest.raises(DeliveryError) as raised:
        digests(shop.behaving("fail:web"), Told())
    text = str(raised.value)
    assert "the image of web cannot be built" in text
    assert "exit code 1" in text
    assert "npm error missing script" in text
    assert "npm_r4nd0m" not in text
    assert shop.built(lambda: deployed(shop)) == ["web"]  # what was pushed before it failed is there


def test_who_pushed_the_same_inputs_first_made_the_image(shop: Shop) -> None:
    told = Told()
    found = digests(shop.behaving("race"), told)
    for service in ("api", "web"):
        held = shop.account.client("ecr").describe_images(repositoryName=f"shop-{service}")["imageDetails"]
        assert [image["imageDigest"] for image in held] == [found[f"{service.title()}Image"]]
    assert [build["targets"] for build in shop.builds] == [["api", "web"], ["web"]]
    assert len(told.notes) == 2


def test_a_builder_that_tells_no_digest_is_believed_by_what_the_registry_has(shop: Shop) -> None:
    found = digests(shop.behaving("silent:web"), Told())
    assert found.keys() == {"ApiImage", "WebImage"}
    assert found == known_digests(shop.request())
    assert len(shop.builds) == 1


def test_an_image_that_never_reached_the_registry_is_told(shop: Shop) -> None:
    with pytest.raises(DeliveryError, match=r"api, web was built, but the registry does not have it"):
        digests(shop.behaving("elsewhere"), Told())


def test_without_buildx_or_docker_the_way_out_is_told(shop: Shop) -> None:
    with pytest.raises(DeliveryError, match=r"no buildx .*--no-build"):
        digests(shop.behaving("no-buildx"), Told())
    request = shop.request()
    with pytest.raises(DeliveryError, match=r"no `docker` on the PATH.*--no-build"):
        digests(replace(request, environment={**request.environment, "PATH": str(shop.home)}), Told())


def test_without_building_the_tag_goes_before_the_previous_digest(shop: Shop) -> None:
    first = deployed(shop)
    shop.write("web/main.js", "console.log('new')\n")
    previous = {"ApiImage": "sha256:" + "0" * 64, "WebImage": first["WebImage"]}
    request = shop.request(build=False, previous=previous)
    assert shop.built(lambda: digests(request, Told())) == []
    assert digests(request, Told()) == first


def test_without_building_all_images_that_are_missing_are_named(shop: Shop) -> None:
    gone = {"WebImage": "sha256:" + "0" * 64}
    with pytest.raises(DeliveryError) as raised:
        digests(shop.request(build=False, previous=gone), Told())
    tags = content_tags(shop.request())
    for service, parameter in (("api", "ApiImage"), ("web", "WebImage")):
        assert f"{service}: 123456789012.dkr.ecr.us-east-1.amazonaws.com/shop-{service}:{tags[parameter]}" in str(
            raised.value
        )


def test_before_the_base_stack_no_digest_is_known(shop: Shop) -> None:
    request = shop.request(repositories={})
    assert known_digests(request) == {}
    with pytest.raises(DeliveryError, match="no repository for the image of api, web"):
        digests(request, Told())


def test_a_repository_that_somebody_deleted_is_named(shop: Shop) -> None:
    request = shop.request()
    shop.account.client("ecr").delete_repository(repositoryName="shop-web", force=True)
    with pytest.raises(DeliveryError, match="the repository shop-web is not there"):
        digests(request, Told())


def test_leave_is_asked_for_what_lies_outside_of_the_project(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "shared").mkdir()
    (tmp_path / "token").write_text("t0ken-in-a-file")
    text = (shop.folder / "compose.yaml").read_text()
    shop.write(
        "compose.yaml",
        text.replace(
            "build: web",
            "build: {context: web, network: host, additional_contexts: {shared: ../shared}, secrets: [token]}",
        )
        + "\nsecrets:\n  token: {file: ../token}\n",
    )
    deployed(shop)
    assert shop.builds[0]["allow"] == [
        f"fs.read={tmp_path / 'shared'}",
        f"fs.read={tmp_path / 'token'}",
        "network.host",
    ]


def test_no_leave_is_asked_for_what_lies_within(shop: Shop) -> None:
    deployed(shop)
    assert shop.builds[0]["allow"] == []
