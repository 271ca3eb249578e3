"""Mounts: what each kind of `volumes` entry becomes."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.identity import first_container, secret_variable
from compose2aws.planning.model import BuiltImage, Plan, Tmpfs, VolumeMount
from compose2aws.planning.mount_point import folder_key, volume_key
from tests.planning.projects import (
    becomes,
    codes,
    container,
    decision,
    finding,
    outcome,
    planned,
    refused,
    service,
    task,
)

DOCKERFILE = "FROM node:20\nWORKDIR /app\nCOPY . .\n"


def mounted(folder: Path, mount: str, files: dict[str, str] | None = None, body: str = "image: acme/api") -> Plan:
    """The plan of a service `api` with one mount."""
    text = f"services:\n  api:\n    {body}\n    volumes:\n      - {mount}\nvolumes: {{data: , other: }}\n"
    return planned(folder, text, files)


def first(made: Plan) -> tuple[str, str]:
    found = decision(made, "services.api.volumes[0]")
    return found.outcome, found.code


def copied(made: Plan) -> str:
    """The Dockerfile that copies files onto the service's image; empty where none does."""
    image = container(made, "api").image
    return (image.target.dockerfile_inline or "") if isinstance(image, BuiltImage) else ""


# ── what each entry becomes ─────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("mount", ["data:/data", "{type: volume, source: data, target: /data}"])
def test_a_named_volume_is_an_access_point(tmp_path: Path, mount: str) -> None:
    made = mounted(tmp_path, mount)
    assert first(made) == ("adapted", "")
    assert becomes(made, "services.api.volumes[0]") == {"DataAccessPoint", "ApiTaskDefinition"}
    assert becomes(made, "volumes.data") == {"DataAccessPoint"}
    assert container(made, "api").mounts == (VolumeMount("DataAccessPoint", "/data"),)
    assert [(v.name, v.access_point and v.access_point.logical_id) for v in task(made, "api").volumes] == [
        ("DataAccessPoint", "DataAccessPoint")
    ]
    assert made.file_system is not None
    assert [point.path for point in made.file_system.access_points] == ["/volumes/data"]
    assert outcome(made, "volumes.other") == "inert"


def test_a_volume_that_is_only_read_is_mounted_so(tmp_path: Path) -> None:
    made = mounted(tmp_path, "data:/data:ro")
    assert container(made, "api").mounts == (VolumeMount("DataAccessPoint", "/data", read_only=True),)
    assert service(made, "api").minimum_healthy == 100


def test_an_anonymous_volume_leaves_the_images_content(tmp_path: Path) -> None:
    made = mounted(tmp_path, "/app/node_modules")
    assert first(made) == ("inert", "anonymous-volume")
    assert container(made, "api").mounts == ()
    assert made.file_system is None


@pytest.mark.parametrize("size", ["64m", "67108864"])
def test_a_tmpfs_mount_is_memory_of_its_size(tmp_path: Path, size: str) -> None:
    made = mounted(tmp_path, f"{{type: tmpfs, target: /scratch, tmpfs: {{size: {size}}}}}")
    assert first(made)[0] == "translated"
    assert container(made, "api").tmpfs == (Tmpfs("/scratch", 64),)


def test_a_tmpfs_without_a_size_gets_one(tmp_path: Path) -> None:
    made = mounted(tmp_path, "{type: tmpfs, target: /scratch}")
    assert first(made)[0] == "adapted"
    assert container(made, "api").tmpfs == (Tmpfs("/scratch", 256),)


@pytest.mark.parametrize("mount", ["/etc/localtime:/etc/localtime:ro", "/etc/timezone:/etc/timezone:ro"])
def test_the_hosts_time_zone_is_dropped(tmp_path: Path, mount: str) -> None:
    made = mounted(tmp_path, mount)
    assert first(made) == ("dropped", "time-zone-file")
    assert "TZ" in finding(made, "time-zone-file").remedy


@pytest.mark.parametrize("mount", ["./api:/app", "./api/src:/app/src"])
def test_code_over_the_code_that_the_image_has_is_dropped(tmp_path: Path, mount: str) -> None:
    made = mounted(tmp_path, mount, {"api/Dockerfile": DOCKERFILE, "api/src/index.js": ""}, "build: ./api")
    assert first(made) == ("dropped", "live-reload-mount")
    assert finding(made, "live-reload-mount").severity == "note"


def test_a_folder_of_the_build_context_that_goes_elsewhere_is_no_code(tmp_path: Path) -> None:
    files = {"api/Dockerfile": DOCKERFILE, "api/uploads/one.png": ""}
    made = mounted(tmp_path, "./api/uploads:/srv/uploads", files, "build: ./api")
    assert first(made) == ("adapted", "folder-on-efs")


@pytest.mark.parametrize("mode", ["", ":ro"])
def test_a_file_is_baked_into_the_image(tmp_path: Path, mode: str) -> None:
    made = mounted(tmp_path, f"./app.yml:/etc/app.yml{mode}", {"app.yml": "a: b"})
    assert first(made) == ("adapted", "files-baked")
    assert "app.yml /etc/app.yml" in copied(made)
    assert "baked-file-written" not in codes(made)


def test_a_data_file_that_is_written_to_is_told(tmp_path: Path) -> None:
    made = mounted(tmp_path, "./app.sqlite:/data/app.sqlite", {"app.sqlite": ""})
    assert first(made) == ("adapted", "files-baked")
    assert finding(made, "baked-file-written").severity == "warning"


def test_a_small_folder_that_is_only_read_is_baked(tmp_path: Path) -> None:
    made = mounted(tmp_path, "./plugins:/plugins:ro", {"plugins/a.so": "x", "plugins/b/c.txt": "y"})
    assert first(made) == ("adapted", "files-baked")
    assert ". /plugins/" in copied(made)
    assert made.file_system is None


def test_a_folder_of_configuration_is_baked_though_nobody_says_ro(tmp_path: Path) -> None:
    made = mounted(tmp_path, "./conf.d:/etc/conf.d", {"conf.d/a.conf": "", "conf.d/b.yaml": ""})
    assert first(made) == ("adapted", "files-baked")


def test_a_folder_that_is_written_to_is_kept_on_the_file_system(tmp_path: Path) -> None:
    made = mounted(tmp_path, "./uploads:/uploads", {"uploads/a.png": "x"})
    assert first(made) == ("adapted", "folder-on-efs")
    assert made.file_system is not None
    (point,) = made.file_system.access_points
    assert point.path.startswith("/folders/uploads")
    assert container(made, "api").mounts == (VolumeMount(point.id.logical_id, "/uploads"),)
    assert service(made, "api").maximum == 100


def test_a_folder_that_does_not_exist_starts_empty(tmp_path: Path) -> None:
    made = mounted(tmp_path, "./uploads:/uploads")
    assert first(made) == ("adapted", "folder-on-efs")
    assert finding(made, "folder-starts-empty").severity == "note"


def test_an_empty_folder_starts_empty(tmp_path: Path) -> None:
    made = mounted(tmp_path, "./uploads:/uploads", {"uploads/": ""})
    assert first(made) == ("adapted", "folder-on-efs")
    assert "folder-starts-empty" in codes(made)


@pytest.mark.parametrize("mount", ["./app.yml:/etc/app.yml:ro", "./certs/ca.pem:/certs/ca.pem"])
def test_a_missing_file_is_dropped_with_an_error(tmp_path: Path, mount: str) -> None:
    made = mounted(tmp_path, mount)
    assert first(made) == ("dropped", "missing-file")
    assert finding(made, "missing-file").severity == "error"


@pytest.mark.parametrize("mount", ["./nginx/conf.d:/etc/nginx/conf.d", "./.data:/data", "./my.config:/config"])
def test_a_missing_folder_with_a_dot_in_its_name_is_a_folder(tmp_path: Path, mount: str) -> None:
    assert first(mounted(tmp_path, mount)) == ("adapted", "folder-on-efs")


@pytest.mark.parametrize("mount", ["{type: npipe, source: x, target: /x}", "{type: image, source: x, target: /x}"])
def test_a_mount_without_a_counterpart_is_refused(tmp_path: Path, mount: str) -> None:
    assert refused(mounted(tmp_path, mount)) == {"services.api.volumes[0]": "mount-type"}


def test_a_part_of_a_volume_is_refused(tmp_path: Path) -> None:
    made = mounted(tmp_path, "{type: volume, source: data, target: /d, volume: {subpath: a}}")
    assert refused(made) == {"services.api.volumes[0].volume.subpath": "volume-subpath"}


@pytest.mark.parametrize("source", ["/var/log", "/sys/fs/cgroup", "/var/lib/docker/containers", "/etc"])
def test_a_folder_of_the_host_is_never_copied_into_an_image(tmp_path: Path, source: str) -> None:
    # whatever the machine has there that the program runs on
    made = mounted(tmp_path, f"{source}:/host:ro")
    assert first(made)[1] != "files-baked"
    assert made.file_system is None


# ── files that are secrets ──────────────────────────────────────────────────────────────────────────────────────────


def kept(made: Plan) -> dict[str, str]:
    """The files that the parameters for files stand for, each with the value that it has now."""
    return {p.source.removeprefix("file:"): p.value or "" for p in made.parameters if p.source.startswith("file:")}


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("tls/server.pem", "-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\n", "line 1 of"),
        ("conf.json", '{"name": "x", "password": "hunter2secret"}', "line 1 of"),
        ("short.json", '{"password":"hunter2secret"}', "line 1 of"),
        ("app.yml", "smtp:\n  host: mail\n  password: hunter2secret\n", "line 3 of"),
        (".env", "LEVEL=info\n", "by its name"),
    ],
)
def test_a_file_that_is_a_secret_is_in_no_image(tmp_path: Path, name: str, content: str, why: str) -> None:
    made = mounted(tmp_path, f"./{name}:/etc/app/it:ro", {name: content})
    assert first(made) == ("adapted", "secret-file")
    assert why in finding(made, "secret-file").message
    assert kept(made) == {f"./{name}": content}
    assert "--from=files" not in copied(made)
    assert "ln -s /run/compose2aws/etc/app/it /0/it" in copied(made)
    assert "COPY --from=links /0/ /etc/app/\n" in copied(made)
    writer = container(made, first_container("secrets", "api"))
    assert "> '/run/compose2aws/etc/app/it' && chmod 0444" in str((writer.command or ("",))[0])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("ca.pem", "-----BEGIN CERTIFICATE-----\nabc\n-----END CERTIFICATE-----\n"),
        ("public.key", "-----BEGIN PUBLIC KEY-----\nabc\n-----END PUBLIC KEY-----\n"),
        ("nginx.conf", "location / { proxy_set_header Authorization $http_authorization; }\n# password: hunter2\n"),
        ("prometheus.yml", "basic_auth:\n  password_file: /run/secrets/p\n  password: ${PASSWORD}\n"),
        ("app.js", "const token = request.token;\nconst password = form.password;\n"),
        ("package.json", '{"dependencies": {"cookie": "0.4.2", "jsonwebtoken": "^9.0.0"}}\n'),
        (".env.example", "LEVEL=info\n"),
        ("trust.jks", "certificates alone"),
    ],
)
def test_a_file_that_is_no_secret_stays_in_the_image(tmp_path: Path, name: str, content: str) -> None:
    made = mounted(tmp_path, f"./{name}:/etc/app/{name}:ro", {name: content})
    assert first(made) == ("adapted", "files-baked")
    assert not {"secret-file", "secret-in-image"} & codes(made)


def test_a_secret_that_is_too_large_is_told_with_its_line_and_the_way_out(tmp_path: Path) -> None:
    made = mounted(tmp_path, "./app.ini:/etc/app.ini", {"app.ini": "password = hunter2secret\n" + "# more\n" * 1000})
    assert first(made) == ("adapted", "files-baked")
    told = finding(made, "secret-in-image")
    assert (told.severity, "line 1 of app.ini" in told.message) == ("warning", True)
    assert "4,096 bytes" in told.remedy


def test_a_folder_of_certificates_is_baked_without_its_key(tmp_path: Path) -> None:
    files = {
        "certs/fullchain.pem": "-----BEGIN CERTIFICATE-----\n",
        "certs/privkey.pem": "-----BEGIN PRIVATE KEY-----\n",
    }
    made = mounted(tmp_path, "./certs:/etc/nginx/certs:ro", files)
    assert first(made) == ("adapted", "files-baked")
    assert "COPY --exclude=privkey.pem --from=files0 . /etc/nginx/certs/" in copied(made)
    assert "COPY --from=links /1/ /etc/nginx/certs/" in copied(made)  # after the folder
    assert set(kept(made)) == {"./certs/privkey.pem"}
    assert "line 1 of certs/privkey.pem" in finding(made, "secret-file").message


def test_secrets_that_a_folder_on_efs_begins_with_are_told(tmp_path: Path) -> None:
    made = mounted(tmp_path, "./data:/data", {"data/a.png": "x", "data/login.ini": "password = hunter2secret\n"})
    assert first(made) == ("adapted", "folder-on-efs")
    assert "line 1 of data/login.ini" in finding(made, "secret-in-image").message


def test_a_secret_that_is_not_here_is_asked_for_in_its_variable(tmp_path: Path) -> None:
    made = mounted(tmp_path, "./tls/server.key:/etc/server.key:ro")
    assert first(made) == ("adapted", "secret-file")
    assert kept(made) == {"./tls/server.key": ""}
    text = "services:\n  api: {image: acme/api, volumes: ['./conf.json:/etc/conf.json']}\n"
    variable = secret_variable("./conf.json")
    given = planned(tmp_path, text, environment={variable: '{"password": "hunter2secret"}'})
    assert kept(given) == {"./conf.json": '{"password": "hunter2secret"}'}
    assert decision(planned(tmp_path, text), "services.api.volumes[0]").code == "missing-file"


def test_a_config_whose_file_is_a_secret_is_written_like_one(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  api: {image: acme/api, configs: [{source: app, target: /etc/app.ini, mode: 0400}]}\n"
        "configs: {app: {file: ./app.ini}}",
        {"app.ini": "password = hunter2secret\n"},
    )
    assert decision(made, "services.api.configs[0]").code == "secret-file"
    assert outcome(made, "configs.app") == "adapted"
    assert "chmod 0400" in str((container(made, first_container("secrets", "api")).command or ("",))[0])


def test_a_file_that_the_app_may_write_to_can_be_written_to(tmp_path: Path) -> None:
    for mode, read_only, rights in (("", False, "0644"), (":ro", True, "0444")):
        made = mounted(tmp_path, f"./.env:/app/.env{mode}", {".env": "KEY=x\n"})
        (mount,) = container(made, "api").mounts
        assert mount.read_only is read_only
        assert f"chmod {rights}" in str((container(made, first_container("secrets", "api")).command or ("",))[0])


# ── source code ─────────────────────────────────────────────────────────────────────────────────────────────────────

LARAVEL = """
services:
  app: {build: {context: ., dockerfile: php/Dockerfile}}
  api:
    image: nginx:alpine
    volumes: ["./:/var/www/html", "./storage:/var/www/html/storage"]
"""


def test_code_that_another_service_is_built_from_is_new_with_each_release(tmp_path: Path) -> None:
    files = {"php/Dockerfile": "FROM php:8\nCOPY . /app\n", "index.php": "", ".env.laravel": "DB_PASSWORD=x\n"}
    made = planned(tmp_path, LARAVEL, files)
    assert first(made) == ("adapted", "files-baked")
    (line,) = [line for line in copied(made).splitlines() if line.startswith("COPY")]
    assert line.endswith("--from=code0 . /var/www/html/")
    for left in ("**/.git", "**/.env", "**/.env.*", "storage"):
        assert f"--exclude={left} " in line
    told = finding(made, "source-in-image")
    assert told.severity == "warning"
    assert "is gone with its task" in told.message
    assert [mount.container_path for mount in container(made, "api").mounts] == ["/var/www/html/storage"]


@pytest.mark.parametrize(
    ("body", "baked"),
    [
        ("image: node:22\n    command: npm start", True),
        ("image: node:22\n    working_dir: /app", True),
        ("image: acme/installs-itself-there", False),
    ],
)
def test_a_folder_with_a_list_of_packages_is_code_where_a_container_is_told_what_to_run(
    tmp_path: Path, body: str, baked: bool
) -> None:
    files = {"site/package.json": "{}", "site/server.js": "", "site/logo.png": ""}
    made = mounted(tmp_path, "./site:/app", files, body)
    assert (first(made)[1] == "files-baked") is baked
    if not baked:
        told = finding(made, "folder-copied-once")
        assert told.severity == "warning"
        assert "no later release changes what is in it, though it looks like source code" in told.message
        assert ":ro" in told.remedy


@pytest.mark.parametrize("folder", ["data", "uploads", "storage"])
def test_a_folder_of_data_stays_on_efs_beside_a_build_and_a_command(tmp_path: Path, folder: str) -> None:
    made = planned(
        tmp_path,
        f"""
        services:
          built: {{build: .}}
          api: {{image: acme/api, command: serve, volumes: ["./{folder}:/srv/{folder}"]}}
        """,
        {"Dockerfile": DOCKERFILE, f"{folder}/a.png": "x"},
    )
    assert decision(made, "services.api.volumes[0]").code == "folder-on-efs"
    assert "no later release changes" in finding(made, "folder-copied-once").message


# ── tmpfs, shared memory, configs ───────────────────────────────────────────────────────────────────────────────────


def test_tmpfs_and_shared_memory_are_memory(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api:
            image: acme/api
            tmpfs: ["/run", "/tmp:size=64m,noexec,mode=1777"]
            shm_size: 128m
        """,
    )
    assert container(made, "api").tmpfs == (
        Tmpfs("/run", 256),
        Tmpfs("/tmp", 64, ("noexec", "mode=1777")),
        Tmpfs("/dev/shm", 128),
    )
    outcomes = [outcome(made, f"services.api.{key}") for key in ("tmpfs[0]", "tmpfs[1]", "shm_size")]
    assert outcomes == ["adapted", "translated", "adapted"]


def test_a_config_of_a_file_or_a_text_is_baked(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api:
            image: acme/api
            configs: [app, {source: text, target: /etc/text}]
        configs:
          app: {file: ./app.conf}
          text: {content: "level: info"}
          unused: {file: ./other.conf}
        """,
        {"app.conf": "x"},
    )
    assert "app.conf /app" in copied(made)
    assert "level: info" in copied(made)
    assert [outcome(made, f"configs.{name}") for name in ("app", "text", "unused")] == ["adapted", "adapted", "inert"]


def test_a_config_of_a_variable_of_the_environment_is_baked(tmp_path: Path) -> None:
    text = "services:\n  api: {image: acme/api, configs: [app]}\nconfigs:\n  app: {environment: APP_SETTINGS}\n"
    assert "level: info" in copied(planned(tmp_path, text, environment={"APP_SETTINGS": "level: info"}))
    made = planned(tmp_path, text)
    assert "APP_SETTINGS, which is not set" in decision(made, "services.api.configs[0]").reason


@pytest.mark.parametrize("config", ["file: ./missing.conf", "content: 'x ${TOKEN}'", "external: true"])
def test_a_config_that_cannot_be_read_is_refused(tmp_path: Path, config: str) -> None:
    text = f"services:\n  api: {{image: acme/api, configs: [app]}}\nconfigs:\n  app: {{{config}}}\n"
    made = planned(tmp_path, text, environment={"TOKEN": "sesame-sesame"})
    code = "secret-in-config" if "TOKEN" in config else "config-not-readable"
    assert refused(made) == {"services.api.configs[0]": code}
    assert "sesame" not in repr(made.decisions) + repr(made.findings)


@pytest.mark.parametrize("content", ["api_key: sesame-own-key", "url = postgres://me:sesame@db/x"])
def test_a_config_with_a_secret_in_it_is_refused(tmp_path: Path, content: str) -> None:
    text = f"services:\n  api: {{image: acme/api, configs: [app]}}\nconfigs:\n  app: {{content: '{content}'}}\n"
    made = planned(tmp_path, text)
    assert refused(made) == {"services.api.configs[0]": "secret-in-config"}
    assert "sesame" not in repr(made.decisions) + repr(made.findings)


# ── volumes that are shared, and their names ────────────────────────────────────────────────────────────────────────


def test_a_volume_that_two_services_mount_is_one_access_point(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api: {image: acme/api, volumes: ["data:/data"]}
          web: {image: acme/web, volumes: ["data:/srv:ro", "./shared:/shared"]}
          job: {image: acme/job, volumes: ["./shared:/in"]}
        volumes: {data: }
        """,
    )
    assert made.file_system is not None
    assert [point.volume for point in made.file_system.access_points] == ["data", "./shared"]
    points = {mount.volume for name in ("api", "web", "job") for mount in container(made, name).mounts}
    assert len(points) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("my-data", "my_data"),
        ("data", "Data"),
        ("a" * 70 + "tail0000", "a" * 60 + "b" * 10 + "tail0000"),
        ("a.b", "a-b"),
    ],
)
def test_two_volumes_never_share_a_folder(one: str, other: str) -> None:
    assert volume_key(one).path != volume_key(other).path
    assert volume_key(one).id != volume_key(other).id
    assert folder_key(one, ()).path != folder_key(other, ()).path
    assert len(volume_key(one).path) <= 100


def test_folders_and_volumes_of_one_name_stay_apart() -> None:
    assert folder_key("data", ()).path != volume_key("data").path
    assert folder_key("data", ()).id != volume_key("data").id


def test_volumes_are_kept_apart_from_what_reads_them_in_another_place(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api: {image: acme/api, volumes: ["./data:/data", "./data/deep:/deep"]}
        """,
    )
    assert made.file_system is not None
    assert len({point.path for point in made.file_system.access_points}) == 2


# ── files inside volumes ────────────────────────────────────────────────────────────────────────────────────────────


def test_a_file_inside_a_volume_is_laid_into_it_on_every_start(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  auth:\n    image: acme/auth\n"
        "    volumes: ['config:/config', './my users.yml:/config/sub/users.yml:ro']\nvolumes: {config: }",
        {"my users.yml": "users: {}\n"},
    )
    (filler,) = (c for c in task(made, "auth").containers if c.name == first_container("files", "auth"))
    steps = filler.command[0].parts[0] if filler.command else ""
    assert steps == "mkdir -p /folders/0/sub && cp -a /seeds/0 /folders/0/sub/users.yml"
    assert [mount.container_path for mount in filler.mounts] == ["/folders/0"]
    assert not isinstance(container(made, "auth").image, BuiltImage)
    assert first_container("files", "auth") in {needed.container for needed in container(made, "auth").depends_on}
    assert "would hide it" in decision(made, "services.auth.volumes[1]").reason


def test_a_file_beside_a_volume_is_part_of_the_image(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  auth:\n    image: acme/auth\n"
        "    volumes: ['config:/config', './users.yml:/config.d/users.yml']\nvolumes: {config: }",
        {"users.yml": "users: {}\n"},
    )
    assert isinstance(container(made, "auth").image, BuiltImage)
    assert [c.name for c in task(made, "auth").containers] == ["auth"]


# ── volumes in memory, and the words of findings ────────────────────────────────────────────────────────────────────


def test_a_volume_that_is_kept_in_memory_stays_there(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  api: {image: acme/api, volumes: ['scratch:/scratch']}\n"
        "volumes: {scratch: {driver_opts: {type: tmpfs, device: tmpfs, o: 'size=100m,uid=1000'}}}",
    )
    assert container(made, "api").tmpfs == (Tmpfs("/scratch", 100, ("uid=1000",)),)
    assert made.file_system is None
    assert outcome(made, "volumes.scratch") == "translated"
    assert "volume-options" not in codes(made)


def test_a_config_inside_a_volume_is_decided(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "services:\n  api:\n    image: acme/api\n    volumes: ['data:/data']\n"
        "    configs: [{source: settings, target: /data/settings.ini}]\n"
        "volumes: {data: }\nconfigs: {settings: {content: 'a = 1'}}",
    )
    assert outcome(made, "configs.settings") == "adapted"
    assert any(c.name == first_container("files", "api") for c in task(made, "api").containers)


def test_a_folder_far_from_the_project_is_told_as_it_was_written(tmp_path: Path) -> None:
    project = tmp_path / "a" / "b"
    project.mkdir(parents=True)
    made = planned(project, "services:\n  api: {image: acme/api, volumes: ['/srv/elsewhere:/data']}")
    assert "/srv/elsewhere is an empty" in finding(made, "folder-starts-empty").message


def test_what_an_anchor_repeats_is_said_once(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        "x-common: &common\n  image: acme/api\n  volumes: ['./logs:/logs']\nservices:\n  a: *common\n  b: *common\n",
    )
    assert finding(made, "folder-starts-empty").path == ("services", "a", "volumes", 0)


@pytest.mark.parametrize(("device", "told"), [("/srv/data", True), ("''", False)])
def test_where_a_volume_lies_is_told_only_where_its_options_say_something(
    tmp_path: Path, device: str, told: bool
) -> None:
    made = planned(
        tmp_path,
        "services:\n  api: {image: acme/api, volumes: ['data:/data']}\n"
        f"volumes: {{data: {{driver_opts: {{type: '', device: {device}}}}}}}",
    )
    assert ("volume-options" in codes(made)) is told


@pytest.mark.parametrize(
    ("volumes", "path"),
    [
        ("['/var/run/docker.sock:/var/run/docker.sock', '/tmp/shared-wd:/tmp/shared-wd']", "/tmp/shared-wd"),
        ("['/var/run/docker.sock:/var/run/docker.sock', '/tmp/shared-wd:/work']", None),
        ("['/tmp/shared-wd:/tmp/shared-wd']", None),
    ],
)
def test_what_siblings_mount_too_is_a_folder_of_the_host(tmp_path: Path, volumes: str, path: str | None) -> None:
    made = planned(tmp_path, f"services:\n  flow: {{image: kestra/kestra, volumes: {volumes}}}\n")
    hosts = {volume.host_path for volume in task(made, "flow").volumes if volume.host_path} - {"/var/run/docker.sock"}
    assert hosts == ({path} if path else set())
    assert ("shared-host-folder" in codes(made)) is (path is not None)
