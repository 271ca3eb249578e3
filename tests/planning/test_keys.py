"""The key table: a file with every key of the specification, and nothing of it undecided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

import compose2aws
from compose2aws.compose import plain
from compose2aws.planning.ledger import Ledger, people_path
from compose2aws.planning.model import Plan
from tests.planning.projects import catalog, codes, decision, findings, outcome, planned, read

SCHEMA = Path(compose2aws.__file__).parent / "compose" / "compose.schema.yaml"

# Every key of a service that may stand beside the others; `{network}` and `{build}` make the kinds differ.
SERVICE = """
    annotations: {{a: b}}
    attach: false
    blkio_config: {{weight: 300, device_read_bps: [{{path: /dev/sda, rate: 1mb}}]}}
    cap_add: [SYS_PTRACE, CHOWN]
    cap_drop: [NET_RAW]
    cgroup: private
    cgroup_parent: m-executor
    command: [serve, --fast]
    configs: [{{source: conf, target: /etc/conf}}]
    container_name: named-{name}
    cpu_count: 1
    cpu_percent: 50
    cpu_period: 10
    cpu_quota: 10
    cpu_rt_period: 10
    cpu_rt_runtime: 10
    cpu_shares: 10
    cpus: 0.5
    cpuset: "0"
    depends_on: {{db: {{condition: service_started, restart: true, required: true}}}}
    deploy:
      endpoint_mode: vip
      labels: {{a: b}}
      mode: {mode}
      placement: {{constraints: [node.role == worker], max_replicas_per_node: 2, preferences: [{{spread: node.id}}]}}
      replicas: 1
      resources:
        limits: {{cpus: "0.5", memory: 512M, pids: 10}}
        reservations:
          cpus: "0.25"
          memory: 256M
          generic_resources: [{{discrete_resource_spec: {{kind: ssd, value: 2}}}}]
      restart_policy: {{condition: on-failure, delay: 5s, max_attempts: 3, window: 2m}}
      rollback_config: {{parallelism: 1, order: stop-first}}
      update_config:
        {{parallelism: 1, delay: 1s, failure_action: rollback, monitor: 5s, max_failure_ratio: 0.1, order: start-first}}
    develop: {{watch: [{{path: ., action: sync, target: /x}}]}}
    dns: [8.8.8.8]
    dns_opt: [use-vc]
    dns_search: [example.com]
    domainname: example.com
    entrypoint: [/bin/app]
    env_file: [{{path: ./env, required: true}}]
    environment: {{LEVEL: info, EMPTY: "", GIVEN: "${{GIVEN}}", UNSET: "${{UNSET}}", BARE: , API_TOKEN: x}}
    expose: ["9000", "9001-9003", 53/udp]
    external_links: [redis_1:redis]
    extra_hosts: [somehost:162.242.195.82]
    group_add: [mail]
    healthcheck: {{test: [CMD, "true"], interval: 10s, timeout: 5s, retries: 3, start_period: 5s, start_interval: 1s}}
    hostname: host-{name}
    {image}
    init: true
    ipc: private
    isolation: default
    label_file: [./labels]
    labels: {{a: b}}
    links: [other, "other:alias-{name}"]
    logging: {{driver: syslog, options: {{syslog-address: "tcp://192.168.0.42:123"}}}}
    mac_address: 02:42:ac:11:65:43
    mem_limit: 512m
    mem_reservation: 256m
    mem_swappiness: 1
    memswap_limit: 1g
    {network}
    oom_kill_disable: true
    oom_score_adj: 1
    pid: {pid}
    pids_limit: 10
    platform: linux/amd64
    ports:
      - "{port}:8000"
      - {{target: 8001, host_ip: 127.0.0.1, published: "8001", protocol: tcp, mode: host, name: b, app_protocol: http}}
    post_start: [{{command: ./up.sh, user: root, privileged: true, working_dir: /, environment: {{A: b}}}}]
    pre_stop: [{{command: ./down.sh}}]
    privileged: false
    profiles: [all]
    pull_policy: always
    read_only: true
    restart: unless-stopped
    runtime: runc
    secrets: [{{source: file, target: file, uid: "1", gid: "1", mode: 0440}}, variable]
    security_opt: ["label:disable"]
    shm_size: 64m
    stdin_open: true
    stop_grace_period: 20s
    stop_signal: SIGTERM
    storage_opt: {{size: 1G}}
    sysctls: {{net.core.somaxconn: 1024, kernel.sem: "1"}}
    tmpfs: [/run, "/tmp:size=64m,mode=1777"]
    tty: true
    ulimits: {{nproc: 65535, nofile: {{soft: 20000, hard: 40000}}}}
    user: "1000"
    userns_mode: host
    uts: host
    volumes:
      - type: volume
        source: data
        target: /data
        volume: {{nocopy: true, labels: {{a: b}}}}
        consistency: cached
      - {{type: bind, source: ./env, target: /etc/env, read_only: true, bind: {{create_host_path: true, selinux: z}}}}
      - {{type: tmpfs, target: /scratch, tmpfs: {{size: 1m, mode: 0777}}}}
      - /anonymous
    working_dir: /srv
    x-own: {{anything: [1, 2]}}
"""

BUILD = """build:
      additional_contexts: {{shared: ./shared}}
      args: {{NODE: "20", NPM_TOKEN: x}}
      cache_from: [acme/cache]
      cache_to: ["type=local,dest=cache"]
      context: .
      dockerfile: Dockerfile
      entitlements: [network.host]
      extra_hosts: [somehost:162.242.195.82]
      isolation: default
      labels: {{a: b}}
      network: host
      no_cache: true
      no_cache_filter: [one]
      platforms: [linux/amd64]
      privileged: true
      provenance: true
      pull: true
      sbom: true
      secrets: [file]
      shm_size: 64m
      ssh: [default]
      tags: [acme/api:1]
      target: prod
      ulimits: {{nproc: 65535}}"""

REST = """
  db:
    image: postgres:16
    environment: {POSTGRES_PASSWORD: sesame-sesame}
    volumes: ["pg:/var/lib/postgresql/data"]
    restart: always
    logging: {driver: json-file}
  other: {image: acme/other, expose: ["80"]}
networks:
  net:
    attachable: true
    driver: bridge
    driver_opts: {com.docker.network.bridge.name: x}
    enable_ipv4: true
    enable_ipv6: true
    internal: false
    ipam: {driver: default, config: [{subnet: 172.28.0.0/16, gateway: 172.28.5.254}], options: {a: b}}
    labels: {a: b}
    name: my-net
  elsewhere: {external: true}
volumes:
  data: {driver: local, driver_opts: {type: nfs}, labels: {a: b}, name: my-data}
  pg:
  elsewhere: {external: true}
  unused:
configs:
  conf: {content: "a: b", labels: {a: b}}
  unused: {file: ./env}
secrets:
  file: {file: ./secret, labels: {a: b}}
  variable: {environment: SECRET_VARIABLE}
  unused: {external: true}
x-anything: {a: [b, {c: d}]}
x-aws: {tier: production, discovery: connect, domain: example.com, tls: required}
"""

NETWORKS = """networks:
      net:
        aliases: [more-{name}]
        driver_opts: {{a: b}}
        gw_priority: 1
        interface_name: eth9
        ipv4_address: 172.28.0.5
        ipv6_address: "2001:db8::5"
        link_local_ips: [57.123.22.11]
        mac_address: 02:42:ac:11:65:44
        priority: 1000"""

FILES = {"env": "FROM_FILE=1\n", "labels": "from=file\n", "secret": "sesame-sesame", "Dockerfile": "FROM scratch\n"}


def everything() -> str:
    """A service of each kind, with every key that it may have."""
    network = NETWORKS.format
    forms = {
        "api": {"image": "image: acme/api", "network": network(name="api")},
        "built": {"image": BUILD.format(), "network": network(name="built")},
        "job": {"image": "image: acme/job", "network": network(name="job"), "mode": "replicated-job"},
        "side": {"image": "image: acme/side", "network": "network_mode: service:api"},
    }
    text = "services:\n"
    for number, (name, form) in enumerate(forms.items()):
        body = SERVICE.format(**{"name": name, "port": 8100 + number, "mode": "replicated", "pid": '""', **form})
        if name == "side":
            body = body.replace("links: [other, ", "links: [other, ")
        text += f"  {name}:{body}"
    return text + REST


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    environment = {"GIVEN": "here", "SECRET_VARIABLE": "sesame-sesame"}
    folder = tmp_path_factory.mktemp("full")
    return planned(folder, everything(), FILES, environment=environment, profiles=("all",))


# Keys that decide what a service is, or that another key forbids; their tests stand in other modules, or below.
APART = {
    "credential_spec",
    "device_cgroup_rules",
    "devices",
    "extends",
    "gpus",
    "models",
    "network_mode",
    "pre_start",
    "provider",
    "pull_refresh_after",
    "scale",
    "use_api_socket",
    "volumes_from",
}
REMOVED_BY_THE_LOADER = {"env_file", "label_file"}


def test_the_file_has_every_key_of_a_service(tmp_path: Path) -> None:
    services = yaml.safe_load(everything())["services"]
    known = set(yaml.safe_load(SCHEMA.read_text())["$defs"]["service"]["properties"])
    used = {key for body in services.values() for key in body}
    assert known - APART - used == set()
    build = set(yaml.safe_load(SCHEMA.read_text())["$defs"]["build"]["properties"])
    assert build - set(services["built"]["build"]) <= {"dockerfile_inline"}


def test_nothing_stays_untranslated_without_a_reason(full: Plan) -> None:
    untranslated = [people_path(d.path) for d in full.decisions if d.code == "not-translated"]
    assert untranslated == []
    assert [people_path(f.path or ()) for f in findings(full, "not-translated")] == []


def test_nothing_is_refused_that_fargate_runs(full: Plan) -> None:
    assert {people_path(d.path): d.reason for d in full.decisions if d.outcome == "refused"} == {}


def test_every_leaf_is_covered(full: Plan, tmp_path: Path) -> None:
    project = read(tmp_path, everything(), FILES, {"GIVEN": "here"}, ("all",))
    ledger = Ledger(project.root)
    for made in full.decisions:
        ledger.record(made.path, made.outcome)
    open_paths = [people_path(path) for path in ledger.uncovered() if path[0] != "name"]
    assert open_paths == []


def test_no_decision_stands_on_a_section_or_on_a_whole_service_that_runs_alone(full: Plan) -> None:
    for made in full.decisions:
        assert len(made.path) > 1 or made.path[0] not in ("services", "networks", "volumes", "secrets", "configs")


def test_what_is_left_out_has_a_finding_and_a_reason(full: Plan) -> None:
    told = {finding.path for finding in full.findings}
    for made in full.decisions:
        if made.outcome == "dropped":
            assert made.path in told, people_path(made.path)
        if made.outcome in ("dropped", "refused", "inert"):
            assert made.reason, people_path(made.path)


def test_the_planner_keeps_to_the_outcomes_and_types_of_its_table(full: Plan) -> None:
    for made in full.decisions:
        row = catalog().row(made.path)
        if row is None or made.path[-1] == "x-aws":
            continue
        assert made.outcome in row.outcomes, f"{people_path(made.path)}: {made.outcome}, not {row.outcomes}"


def test_what_is_empty_says_nothing(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api: {image: a, deploy: {replicas: 2}, dns: [], labels: {}, security_opt: [], develop: }
        """,
    )
    assert outcome(made, "services.api.deploy.replicas") == "translated"
    assert {f.code for f in made.findings if f.path and f.path[0] == "services"} == set()


def test_extensions_say_nothing(full: Plan) -> None:
    assert outcome(full, "x-anything") == "inert"
    assert outcome(full, "services.api.x-own") == "inert"


@pytest.mark.parametrize(
    ("line", "path", "result"),
    [
        ("credential_spec: {file: a.json}", "credential_spec", "refused"),
        ("volumes_from: [other]", "volumes_from", "refused"),
        ("scale: 2", "scale", "translated"),
        ("models: {llm: {endpoint_var: URL}}", "models", "refused"),
        ("pre_start: [{command: ./x}]", "pre_start", "dropped"),
        ("network_mode: bridge", "network_mode", "inert"),
        ("network_mode: none", "network_mode", "inert"),
        ("network_mode: 'container:abc'", "network_mode", "refused"),
        ("platform: windows/amd64", "platform", "refused"),
        ("platform: wasi/wasm", "platform", "refused"),
        ("platform: linux/amd64", "platform", "translated"),
    ],
)
def test_keys_that_stand_alone_are_decided(tmp_path: Path, line: str, path: str, result: str) -> None:
    text = f"services:\n  api:\n    image: a\n    {line}\n  other: {{image: b}}\nmodels: {{llm: {{model: ai/x}}}}\n"
    made = planned(tmp_path, text)
    assert outcome(made, f"services.api.{path}") == result
    assert "not-translated" not in codes(made)


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("volumes: {v: }", "volumes.v", "unused-volume"),
        ("secrets: {v: {file: ./x}}", "secrets.v", "unused-secret"),
        ("configs: {v: {file: ./x}}", "configs.v", "unused-config"),
        ("networks: {v: }", "networks.v", "network-unused"),
    ],
)
def test_a_section_that_nobody_uses_is_inert(tmp_path: Path, text: str, path: str, code: str) -> None:
    made = planned(tmp_path, f"services:\n  api: {{image: a}}\n{text}\n")
    assert (decision(made, path).outcome, decision(made, path).code) == ("inert", code)


def test_every_setting_of_x_aws_is_decided(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          api:
            image: a
            ports: ["80:80"]
            x-aws:
              managed: false
              public: true
              host: a.example.com
              path: /a
              priority: 9
              protocol: http
              registry-credentials: arn:x
              cpu: 1
              memory: 2GB
              architecture: arm64
              spot: false
              autoscale: {max: 3}
              policies: ["arn:aws:iam::aws:policy/X"]
          night: {image: b, x-aws: {schedule: rate(1 day), spot: true}}
        x-aws: {tier: production, domain: example.com, discovery: dns, search-domain: dhcp, tls: required}
        """,
    )
    settings = [d for d in made.decisions if "x-aws" in d.path]
    assert len(settings) == 20
    assert "not-translated" not in codes(made)
    assert outcome(made, "services.night.x-aws.spot") == "adapted"


def _leaves(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for below in value.values():
            yield from _leaves(below)
    else:
        yield value


def test_secrets_of_the_full_file_are_in_no_decision(full: Plan, tmp_path: Path) -> None:
    project = read(tmp_path, everything(), FILES, profiles=("all",))
    assert "sesame-sesame" in list(_leaves(plain(project.root)))
    assert "sesame-sesame" not in repr(full.decisions) + repr(full.findings)
