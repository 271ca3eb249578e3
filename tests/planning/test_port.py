"""Published ports: listeners, rules, target groups, certificates and records."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.planning.model import ContainerDependency, Listener, ListenerRule, Plan, TargetGroup
from compose2aws.planning.ports import asked_paths, rule_priority
from tests.planning.projects import (
    balancer,
    becomes,
    codes,
    container,
    decision,
    finding,
    findings,
    outcome,
    planned,
    refused,
    service,
    task,
)


def published(folder: Path, port: str, body: str = "image: acme/api", top: str = "") -> Plan:
    """The plan of a service `api` with one published port."""
    return planned(folder, f"services:\n  api:\n    {body}\n    ports: [{port}]\n{top}")


def protocols(made: Plan) -> set[tuple[str, int, str]]:
    """All listeners: (kind of balancer, port, protocol)."""
    return {(b.kind, one.port, one.protocol) for b in made.balancers for one in b.listeners}


def rules(made: Plan) -> dict[str, ListenerRule]:
    """The rules of the application balancer by service."""
    return {str(rule.source[1]): rule for rule in balancer(made).rules}


def group(made: Plan, kind: str = "application") -> TargetGroup:
    (found,) = balancer(made, kind).target_groups
    return found


def listener(made: Plan, port: int, kind: str = "application") -> Listener:
    return next(one for one in balancer(made, kind).listeners if one.port == port)


DOMAIN = "x-aws: {domain: example.com}\n"


# ── which protocol a port speaks ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("port", "listeners"),
    [
        ("'8080:3000'", {("application", 8080, "HTTP")}),
        ("'3000'", {("application", 3000, "HTTP")}),
        ("3000", {("application", 3000, "HTTP")}),
        ("'0.0.0.0:80:3000'", {("application", 80, "HTTP")}),
        ("'2222:22'", {("network", 2222, "TCP")}),
        ("'1883:1883'", {("network", 1883, "TCP")}),
        ("'5353:53/udp'", {("network", 5353, "UDP")}),
        ("{target: 9000, published: 9001, app_protocol: http2}", {("application", 9001, "HTTP")}),
        ("{target: 9000, published: 9001, app_protocol: grpc}", {("network", 9001, "TCP")}),
        ("{target: 7000, published: 9001, name: grpc-api}", {("network", 9001, "TCP")}),
        ("{target: 7000, published: 9001, name: web-ui}", {("application", 9001, "HTTP")}),
        ("'2222:80'", {("application", 2222, "HTTP")}),
        ("'2222:7000'", {("network", 2222, "TCP")}),
        ("{target: 9000, published: 9001, app_protocol: tls}", {("network", 9001, "TCP")}),
        ("{target: 5432, published: 9001, app_protocol: http}", {("application", 9001, "HTTP")}),
    ],
)
def test_a_port_speaks_http_unless_something_says_otherwise(
    tmp_path: Path, port: str, listeners: set[tuple[str, int, str]]
) -> None:
    # `expose` gives a UDP port's health check somewhere to ask
    assert protocols(published(tmp_path, port, "image: acme/api\n    expose: [8000]")) == listeners


@pytest.mark.parametrize(("protocol", "kind"), [("http", "application"), ("tcp", "network")])
def test_the_setting_wins_over_the_port(tmp_path: Path, protocol: str, kind: str) -> None:
    made = published(tmp_path, "'5432:5432'", f"image: acme/api\n    x-aws: {{protocol: {protocol}}}")
    assert [b.kind for b in made.balancers] == [kind]
    assert outcome(made, "services.api.x-aws.protocol") == "translated"


@pytest.mark.parametrize(
    "port", [1935, 2003, 5044, 6222, 7233, 8554, 9300, 2379, 29092, 50051, 4317, 636, 25565, 11300, 7687, 64738]
)
def test_a_port_that_is_known_for_another_protocol_is_a_tcp_listener(tmp_path: Path, port: int) -> None:
    made = published(tmp_path, f"'{port}:{port}'")
    assert protocols(made) == {("network", port, "TCP")}
    assert "protocol-guessed" not in codes(made)


@pytest.mark.parametrize("port", [80, 81, 443, 3000, 4200, 5000, 5173, 6060, 7474, 8000, 8888, 9000, 9090, 15672])
def test_a_usual_port_of_http_needs_no_word(tmp_path: Path, port: int) -> None:
    made = published(tmp_path, f"'{port}:{port}'", top=DOMAIN)
    assert [b.kind for b in made.balancers] == ["application"]
    assert "protocol-guessed" not in codes(made)


@pytest.mark.parametrize(
    ("image", "port", "speaks"),
    [
        ("redpandadata/redpanda", 19092, "TCP"),
        ("redpandadata/redpanda", 9644, "HTTP"),
        ("clickhouse/clickhouse-server", 9000, "TCP"),
        ("graphiteapp/graphite-statsd", 8126, "TCP"),
        ("docker.elastic.co/logstash/logstash:8.15.0", 5000, "TCP"),
        ("docker.elastic.co/logstash/logstash:8.15.0", 9600, "HTTP"),
        ("php:8.3-fpm-alpine", 9000, "TCP"),
        ("php:8.3-apache", 9000, "HTTP"),
        ("nats:2", 8222, "HTTP"),
        ("teamspeak", 10011, "TCP"),
    ],
)
def test_an_image_tells_what_its_ports_speak(tmp_path: Path, image: str, port: int, speaks: str) -> None:
    made = published(tmp_path, f"'{port}:{port}'", f"image: {image}")
    assert {protocol for _, _, protocol in protocols(made)} == {speaks}
    assert "protocol-guessed" not in codes(made)


@pytest.mark.parametrize(
    ("told", "speaks"),
    [
        ("environment: {A_URL: 'http://api:7000/v1'}", "HTTP"),
        ("environment: {A_URL: 'ws://api:7000'}", "HTTP"),
        ("environment: {A_URL: 'http://localhost:7001'}", "HTTP"),
        ("environment: {A_URL: 'nats://u:p@api:7000'}", "TCP"),
        ("environment: {A_URL: 'redis://api:7000'}", "TCP"),
        ("environment: {A_URL: 'nats://api:7000', B_URL: 'http://api:7000'}", "HTTP"),
        ("command: [serve, --upstream, 'http://api:7000']", "HTTP"),
        ("environment: {A_URL: 'tcp://api:7000'}", None),
        ("environment: {A_URL: 'http://api:7002'}", None),
        ("environment: {A_URL: 'http://example.com:7000'}", None),
        ("environment: {A_HOST: 'api:7000'}", None),
    ],
)
def test_addresses_elsewhere_tell_what_a_port_speaks(tmp_path: Path, told: str, speaks: str | None) -> None:
    text = f"services:\n  api: {{image: a, ports: ['7001:7000']}}\n  web:\n    image: b\n    {told}\n"
    made = planned(tmp_path, text)
    assert {protocol for _, _, protocol in protocols(made)} == {speaks or "HTTP"}
    assert ("protocol-guessed" in codes(made)) is (speaks is None)


@pytest.mark.parametrize(
    ("told", "speaks"),
    [
        ("healthcheck: {test: 'curl -f http://localhost:7000/up'}", "HTTP"),
        ("healthcheck: {test: 'curl -f localhost:7000/up || exit 1'}", "HTTP"),
        ("healthcheck: {test: [CMD, /bin/grpc_health_probe, '-addr=:7000']}", "TCP"),
        ("healthcheck: {test: 'nc -z localhost 7000'}", None),
        ("environment: {X_ADVERTISED_LISTENERS: 'OUT://localhost:7000'}", "TCP"),
        ("environment: {X_LISTEN: 'out://localhost:7000'}", None),
        ("environment: {BASE: 'http://0.0.0.0:7000'}", "HTTP"),
        ("environment: {VIRTUAL_PORT: '7000'}", "HTTP"),
        ("labels: {traefik.http.services.x.loadbalancer.server.port: '7000'}", "HTTP"),
        ("labels: {traefik.tcp.services.x.loadbalancer.server.port: '7000'}", "TCP"),
        ("x-aws: {protocol: tcp}", "TCP"),
        ("x-aws: {protocol: http}", "HTTP"),
    ],
)
def test_what_a_service_says_of_its_own_port_is_believed(tmp_path: Path, told: str, speaks: str | None) -> None:
    made = published(tmp_path, "'7001:7000'", f"image: a\n    {told}")
    assert {protocol for _, _, protocol in protocols(made)} == {speaks or "HTTP"}
    assert ("protocol-guessed" in codes(made)) is (speaks is None)


def test_a_mounted_configuration_tells_what_a_port_speaks(tmp_path: Path) -> None:
    text = """
    services:
      api: {image: a, ports: ["7000:7000"]}
      app: {build: ., ports: ["9000:9000"]}
      proxy: {image: nginx, volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]}
    """
    conf = "# proxy_pass http://app:9000;\nproxy_pass http://api:7000;\nfastcgi_pass app:9000;\n"
    made = planned(tmp_path, text, {"nginx.conf": conf, "Dockerfile": "FROM php:8.3-fpm\n"})
    assert protocols(made) == {("application", 7000, "HTTP"), ("network", 9000, "TCP")}
    assert "protocol-guessed" not in codes(made)


def test_a_service_whose_ports_nothing_tells_of_has_one_warning(tmp_path: Path) -> None:
    made = published(tmp_path, "'7000:7000', '8000:8000', '7002:7002'")
    told = finding(made, "protocol-guessed")
    assert told.severity == "warning"
    assert "7000, 7002" in told.message
    assert "8000" not in told.message
    assert "x-aws: {protocol: tcp}" in told.remedy
    assert told.position is not None
    assert len(findings(made, "protocol-guessed")) == 1


def test_a_port_of_both_protocols_is_one_listener(tmp_path: Path) -> None:
    made = published(tmp_path, "'53:53', '53:53/udp'")
    assert protocols(made) == {("network", 53, "TCP_UDP")}
    assert group(made, "network").protocol == "TCP_UDP"
    for index in (0, 1):
        assert outcome(made, f"services.api.ports[{index}]") == "translated"
    admitted = {(rule.protocol, rule.first) for rule in made.ingress if rule.group.logical_id == "ApiSecurityGroup"}
    assert admitted == {("tcp", 53), ("udp", 53)}


def test_a_udp_port_is_checked_on_a_tcp_port(tmp_path: Path) -> None:
    made = published(tmp_path, "'5000:5000/udp'", "image: a\n    expose: [9000]")
    assert group(made, "network").health_port == 9000
    made = published(tmp_path, "'5000:5000/udp', '2222:2222'")
    udp = next(g for g in balancer(made, "network").target_groups if g.protocol == "UDP")
    assert udp.health_port == 2222


def test_a_container_beside_it_answers_the_checks_of_a_service_that_speaks_udp_alone(tmp_path: Path) -> None:
    made = published(tmp_path, "'5000:5000/udp'")
    answer = task(made, "api").containers[-1]
    assert group(made, "network").health_port == answer.ports[0].container_port == 65080
    assert (answer.essential, answer.depends_on) == (False, (ContainerDependency("api", "START"),))
    own = service(made, "api").security_groups[-1]
    assert any((rule.group, rule.first, rule.protocol) == (own, 65080, "tcp") for rule in made.ingress)
    assert "not that the service answers" in finding(made, "udp-health").message
    assert len(task(published(tmp_path, "'5000:5000/udp', '2222:2222'"), "api").containers) == 1


def test_another_protocol_is_dropped(tmp_path: Path) -> None:
    made = published(tmp_path, "'5000:5000/sctp'")
    assert (outcome(made, "services.api.ports[0]"), made.balancers) == ("dropped", ())
    assert finding(made, "port-protocol")


# ── which ports are published ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("address", ["127.0.0.1", "[::1]"])
def test_a_port_of_the_own_machine_stays_inside(tmp_path: Path, address: str) -> None:
    made = published(tmp_path, f"'{address}:3000:3000'")
    assert (outcome(made, "services.api.ports[0]"), made.balancers) == ("dropped", ())
    assert finding(made, "local-port").severity == "note"
    assert "nothing-public" in codes(made)
    made = published(tmp_path, f"'{address}:3000:3000'", "image: a\n    x-aws: {public: true}")
    assert protocols(made) == {("application", 3000, "HTTP")}


def test_a_development_tool_is_never_public_unless_said(tmp_path: Path) -> None:
    made = published(tmp_path, "'8080:8080'", "image: adminer")
    assert decision(made, "services.api.ports[0]").code == "development-tool"
    assert made.balancers == ()
    made = published(tmp_path, "'8080:8080'", "image: adminer\n    x-aws: {public: true}")
    assert protocols(made) == {("application", 8080, "HTTP")}


def test_public_false_keeps_a_port_inside(tmp_path: Path) -> None:
    made = published(tmp_path, "'80:80', '81:81'", "image: a\n    x-aws: {public: false}")
    assert made.balancers == ()
    assert {outcome(made, f"services.api.ports[{index}]") for index in (0, 1)} == {"dropped"}


def test_public_true_publishes_what_is_only_exposed(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: a, expose: ['3000'], x-aws: {public: true}}\n")
    assert protocols(made) == {("application", 3000, "HTTP")}
    assert outcome(made, "services.api.x-aws.public") == "translated"
    for expose in ("", "expose: [53/udp], "):
        made = planned(tmp_path, f"services:\n  api: {{image: a, {expose}x-aws: {{public: true}}}}\n")
        assert made.balancers == ()
    assert finding(made, "public-without-port").severity == "error"


def test_a_managed_services_port_is_not_published(tmp_path: Path) -> None:
    made = published(tmp_path, "'5432:5432'", "image: postgres:16")
    assert made.balancers == ()
    assert finding(made, "managed-port-not-published").severity == "note"


def test_a_jobs_port_is_dropped(tmp_path: Path) -> None:
    made = published(tmp_path, "'80:80'", "image: a\n    x-aws: {schedule: rate(1 day)}")
    assert outcome(made, "services.api.ports[0]") == "dropped"
    assert finding(made, "job-port")


def test_where_nothing_is_public_a_finding_says_so(tmp_path: Path) -> None:
    made = planned(tmp_path, "services:\n  api: {image: a}\n")
    assert "public: true" in finding(made, "nothing-public").remedy
    assert "nothing-public" not in codes(published(tmp_path, "'80:80'"))


def test_a_sidecars_port_is_a_port_of_its_owners_task(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          app: {image: a}
          proxy: {image: nginx, network_mode: "service:app", ports: ["80:8080"]}
        """,
    )
    (attachment,) = service(made, "app").targets
    assert (attachment.container, attachment.port) == ("proxy", 8080)
    assert "AppTaskDefinition" in becomes(made, "services.proxy.ports[0]")


# ── without a domain ────────────────────────────────────────────────────────────────────────────────────────────────


def test_without_a_domain_the_published_port_is_the_listeners(tmp_path: Path) -> None:
    made = published(tmp_path, "'8080:3000'")
    assert listener(made, 8080).default == group(made).id
    (attachment,) = service(made, "api").targets
    assert (attachment.container, attachment.port, attachment.target_group) == ("api", 3000, group(made).id)
    assert finding(made, "no-domain").severity == "warning"
    assert [(url.scheme, url.host, url.port) for url in made.urls] == [("http", None, 8080)]
    assert made.certificate is None
    made_of = becomes(made, "services.api.ports[0]")
    assert made_of == {listener(made, 8080).id.logical_id, group(made).id.logical_id, "ApiTaskDefinition"}
    assert listener(made, 8080).id in service(made, "api").depends_on


@pytest.mark.parametrize("port", ["'80:{}'", "'8883:{}'"])
def test_two_services_on_one_port_are_refused(tmp_path: Path, port: str) -> None:
    made = planned(
        tmp_path,
        f"services:\n  api: {{image: a, ports: [{port.format(1)}]}}\n  web: {{image: b, ports: [{port.format(2)}]}}\n",
    )
    assert refused(made) == {"services.web.ports[0]": "port-taken"}
    assert "api" in decision(made, "services.web.ports[0]").reason


def test_one_container_port_on_two_published_ports_has_two_listeners(tmp_path: Path) -> None:
    made = published(tmp_path, "'80:3000', '8080:3000'")
    assert protocols(made) == {("application", 80, "HTTP"), ("application", 8080, "HTTP")}
    assert len(service(made, "api").targets) == 1


# ── with a domain ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_domain_gives_names_a_certificate_and_a_redirect(tmp_path: Path) -> None:
    made = published(tmp_path, "'8080:3000'", top=DOMAIN)
    assert protocols(made) == {("application", 443, "HTTPS"), ("application", 80, "HTTP")}
    assert listener(made, 80).default == "redirect"
    assert listener(made, 443).default == "not-found"
    rule = rules(made)["api"]
    assert (rule.hosts, rule.paths, rule.listener) == (("api.example.com",), (), listener(made, 443).id)
    assert made.certificate is not None
    assert made.certificate.names == ("example.com", "*.example.com")
    assert [record.name for record in made.records] == ["api.example.com"]
    assert [(url.scheme, url.host, url.port) for url in made.urls] == [("https", "api.example.com", 443)]
    assert "no-domain" not in codes(made)
    assert rule.id in service(made, "api").depends_on


def test_a_second_http_port_has_a_name_of_its_own(tmp_path: Path) -> None:
    made = published(tmp_path, "'80:3000', '81:9090', '82:3000'", top=DOMAIN)
    assert [rule.hosts[0] for rule in balancer(made).rules] == ["api.example.com", "api-9090.example.com"]
    assert [record.name for record in made.records] == ["api.example.com", "api-9090.example.com"]
    assert outcome(made, "services.api.ports[2]") == "translated"


@pytest.mark.parametrize("port", ["'80:80', '443:443'", "'443:443', '80:80'", "'8080:80', '8443:443'"])
def test_the_name_is_the_port_of_tls_where_a_plain_one_stands_beside(tmp_path: Path, port: str) -> None:
    made = published(tmp_path, port, "image: nginx", DOMAIN)
    assert [rule.hosts for rule in balancer(made).rules] == [("api.example.com",)]
    assert group(made).protocol == "HTTPS"
    (attachment,) = service(made, "api").targets
    assert attachment.port == 443
    assert [(url.scheme, url.host, url.port) for url in made.urls] == [("https", "api.example.com", 443)]
    plain = port.startswith("'443")
    assert becomes(made, f"services.api.ports[{int(plain)}]") == {"RedirectListener"}
    assert "redirects to HTTPS by itself" in decision(made, f"services.api.ports[{int(plain)}]").reason
    assert "not its 80" in decision(made, f"services.api.ports[{int(not plain)}]").reason
    assert "no-certificate" not in codes(made)


def test_ports_of_the_host_tell_of_tls_too(tmp_path: Path) -> None:
    made = published(tmp_path, "'80:8080', '443:8443'", "image: a", DOMAIN)
    assert [rule.hosts for rule in balancer(made).rules] == [("api.example.com",)]
    assert group(made).protocol == "HTTPS"
    # an administrator's port beside an app's is one more name
    made = published(tmp_path, "'8080:8080', '8443:8443'", "image: a", DOMAIN)
    assert [rule.hosts[0] for rule in balancer(made).rules] == ["api.example.com", "api-8443.example.com"]


def test_two_services_at_80_and_443_keep_their_names(tmp_path: Path) -> None:
    text = "services:\n  a: {image: a, ports: ['80:80']}\n  b: {image: b, ports: ['443:443']}\n"
    assert set(rules(planned(tmp_path, text + DOMAIN))) == {"a", "b"}


def test_an_address_of_the_plain_port_is_the_name_too(tmp_path: Path) -> None:
    made = published(
        tmp_path, "'8080:80', '8443:443'", "image: a\n    environment: {APP_URL: 'http://localhost:8080'}", DOMAIN
    )
    assert str(container(made, "api").environment[0].text) == "https://api.example.com"


def test_without_a_domain_a_port_of_tls_is_told_to_be_plain(tmp_path: Path) -> None:
    told = finding(published(tmp_path, "'80:80', '443:443'", "image: nginx"), "no-certificate")
    assert "plain HTTP" in told.message
    assert "a redirect of api from 80" in told.message
    assert "domain: example.com" in told.remedy
    assert told.position is not None
    alone = finding(published(tmp_path, "'443:8443'", "image: nginx"), "no-certificate")
    assert "redirect" not in alone.message
    assert "no-certificate" not in codes(published(tmp_path, "'80:80', '8080:8080'", "image: nginx"))


def test_an_underscore_becomes_a_hyphen_in_a_public_name(tmp_path: Path) -> None:
    made = planned(tmp_path, f"services:\n  My_Web.app: {{image: a, ports: ['80:80']}}\n{DOMAIN}")
    assert [record.name for record in made.records] == ["my-web-app.example.com"]


@pytest.mark.parametrize(
    ("host", "recorded", "named"),
    [
        ("shop.example.com", True, False),
        ("example.com", True, False),
        ("a.b.example.com", True, True),
        ("shop.example.org", False, True),
        ("badexample.com", False, True),
        ("*.example.com", True, False),
    ],
)
def test_a_host_of_its_own_is_recorded_where_it_lies_in_the_domain(
    tmp_path: Path, host: str, recorded: bool, named: bool
) -> None:
    made = published(tmp_path, "'80:80'", f"image: a\n    x-aws: {{host: '{host}'}}", DOMAIN)
    assert rules(made)["api"].hosts == (host,)
    assert [record.name for record in made.records] == ([host] if recorded else [])
    assert made.certificate is not None
    assert (host in made.certificate.names[2:]) is named
    assert outcome(made, "services.api.x-aws.host") == "translated"


def test_a_path_means_itself_and_what_is_below(tmp_path: Path) -> None:
    for path, wanted in (
        ("/api", ("/api", "/api/*")),
        ("/api/", ("/api", "/api/*")),
        ("/api/*", ("/api/*",)),
        ("/*/v1", ("/*/v1",)),
    ):
        made = published(tmp_path, "'80:80'", f"image: a\n    x-aws: {{path: '{path}'}}", DOMAIN)
        assert rules(made)["api"].paths == wanted
        assert outcome(made, "services.api.x-aws.path") == "translated"


def test_a_certificate_that_is_there_already_is_taken(tmp_path: Path) -> None:
    arn = "arn:aws:acm:eu-central-1:123456789012:certificate/1"
    made = published(
        tmp_path, "'80:80'", top=f"x-aws: {{domain: example.com, certificate: '{arn}', hosted-zone: Z1}}\n"
    )
    assert made.certificate is not None
    assert made.certificate.arn == arn
    assert made.zone == "Z1"


def test_settings_of_the_balancer_without_use_are_told(tmp_path: Path) -> None:
    body = "image: a\n    x-aws: {host: a.example.com, path: /a, priority: 3}"
    made = published(tmp_path, "'80:80'", body)
    assert {outcome(made, f"services.api.x-aws.{key}") for key in ("host", "path", "priority")} == {"dropped"}
    assert len(findings(made, "setting-without-use")) == 3


# ── priorities ──────────────────────────────────────────────────────────────────────────────────────────────────────

HOSTS = st.sampled_from(["a.example.com", "b.example.com", "c.example.org"])
SEGMENT = st.sampled_from(["a", "b", "api", "v1"])
DEPTHS = st.lists(SEGMENT, min_size=1, max_size=9)


def priority(host: str, path: list[str]) -> int:
    bare = "/" + "/".join(path)
    return rule_priority((host,), (bare, f"{bare}/*") if path else ())


@given(HOSTS, HOSTS, DEPTHS, DEPTHS)
def test_deeper_paths_are_asked_first(host: str, other: str, path: list[str], shorter: list[str]) -> None:
    if len(path) > len(shorter):
        assert priority(host, path) < priority(other, shorter)


@given(HOSTS, HOSTS, DEPTHS)
def test_a_host_alone_is_asked_last(host: str, other: str, path: list[str]) -> None:
    assert priority(host, path) < priority(other, [])
    assert 1 <= priority(host, path) < 50_000
    assert 1 <= priority(other, []) <= 50_000


@given(HOSTS, DEPTHS, st.integers(10, 30))
def test_no_path_is_too_deep(host: str, path: list[str], times: int) -> None:
    assert 1 <= priority(host, path * times) < priority(host, [])


def test_the_root_is_asked_after_every_path_of_its_host(tmp_path: Path) -> None:
    for first in ("/a", "/b", "/c", "/d", "/e", "/f"):
        made = planned(
            tmp_path,
            f"""
            services:
              api: {{image: a, ports: ["80:80"], x-aws: {{host: example.com, path: {first}}}}}
              web: {{image: b, ports: ["81:80"], x-aws: {{host: example.com, path: /}}}}
            x-aws: {{domain: example.com}}
            """,
        )
        assert rules(made)["api"].priority < rules(made)["web"].priority


def test_a_wildcard_is_asked_after_every_name_that_it_fits() -> None:
    for name in ("a", "b", "c", "d", "e", "f"):
        assert rule_priority((f"{name}.example.com",), ()) < rule_priority(("*.example.com",), ())


def test_a_priority_is_the_rules_own_and_an_addition_moves_nothing(tmp_path: Path) -> None:
    text = "services:\n  api: {image: a, ports: ['80:80']}\n"
    more = "  aaa: {image: b, ports: ['81:80']}\n  zzz: {image: c, ports: ['82:80']}\n"
    alone, together = planned(tmp_path, text + DOMAIN), planned(tmp_path, text + more + DOMAIN)
    assert rules(alone)["api"] == rules(together)["api"]


def test_two_rules_of_one_priority_are_refused(tmp_path: Path) -> None:
    text = "services:\n  api: {{image: a, ports: ['80:80'], x-aws: {{priority: 7}}}}\n{}"
    web = "  web: {image: b, ports: ['81:80'], x-aws: {priority: 7}}\n"
    made = planned(tmp_path, text.format(web) + DOMAIN)
    assert refused(made) == {"services.web.ports[0]": "priority-taken"}
    assert "priority" in finding(made, "priority-taken").remedy
    # two names that are one in DNS
    made = planned(
        tmp_path,
        f"services:\n  my_app: {{image: a, ports: ['80:80']}}\n  my-app: {{image: b, ports: ['81:80']}}\n{DOMAIN}",
    )
    assert refused(made) == {"services.my-app.ports[0]": "address-taken"}


def test_two_services_at_one_address_are_refused_whatever_their_priorities(tmp_path: Path) -> None:
    service_ = "  {}: {{image: a, ports: ['{}:80'], x-aws: {{host: s.example.com, path: {}, priority: {}}}}}\n"
    same = "services:\n" + service_.format("a", 1, "/x", 1) + service_.format("b", 2, "/x/", 2)
    made = planned(tmp_path, same + DOMAIN)
    assert refused(made) == {"services.b.ports[0]": "address-taken"}
    assert "https://s.example.com/x" in finding(made, "address-taken").message
    apart = "services:\n" + service_.format("a", 1, "/x", 1) + service_.format("b", 2, "/y", 2)
    assert refused(planned(tmp_path, apart + DOMAIN)) == {}


# ── health ──────────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("test", "paths"),
    [
        (("CMD", "curl", "-f", "http://localhost:3000/health"), {3000: "/health"}),
        (("CMD-SHELL", "curl -fsS http://127.0.0.1:8080/up?full=1 || exit 1"), {8080: "/up"}),
        (("CMD-SHELL", "wget -qO- http://localhost/ping; true"), {80: "/ping"}),
        (("CMD-SHELL", "wget --spider 'http://0.0.0.0:9000/a/b' || exit 1"), {9000: "/a/b"}),
        (("CMD", "curl", "http://[::1]:81"), {81: "/"}),
        (("CMD", "curl", "http://db:81/x"), {}),
        (("CMD", "pg_isready"), {}),
        ((), {}),
    ],
)
def test_the_path_that_a_health_check_asks_is_found(test: tuple[str, ...], paths: dict[int, str]) -> None:
    assert asked_paths(test) == paths


def test_the_path_that_the_container_is_asked_is_the_target_groups(tmp_path: Path) -> None:
    check = "image: a\n    healthcheck: {{test: 'curl -f http://localhost:{}/health'}}"
    made = published(tmp_path, "'80:3000'", check.format(3000))
    assert (group(made).health_path, group(made).matcher) == ("/health", "200-399")
    # one of another port says nothing of this one
    made = published(tmp_path, "'80:3000'", check.format(9999))
    assert (group(made).health_path, group(made).matcher) == ("/", "200-499")


def test_targets_drain_as_long_as_the_container_takes_to_stop(tmp_path: Path) -> None:
    assert group(published(tmp_path, "'80:80'")).deregistration_delay == 10
    slow = published(tmp_path, "'80:80'", "image: a\n    stop_grace_period: 1m")
    assert group(slow).deregistration_delay == 60


@pytest.mark.parametrize(("tier", "logs"), [("production", True), ("development", False)])
def test_requests_are_logged_in_production(tmp_path: Path, tier: str, logs: bool) -> None:
    made = planned(tmp_path, "services:\n  api: {image: a, ports: ['80:80']}\n", tier=tier)
    assert balancer(made).access_logs is logs


# ── more ports than a service can have target groups ────────────────────────────────────────────────────────────────


def test_a_sixth_port_is_left_out_and_told(tmp_path: Path) -> None:
    made = planned(
        tmp_path, "services:\n  turn:\n    image: acme/turn\n    ports: ['8080:8080', '49152-49160:49152-49160']"
    )
    assert len(service(made, "turn").targets) == 5
    told = finding(made, "too-many-ports")
    assert told.severity == "error"
    assert "49156, 49157, 49158, 49159, 49160" in told.message
    assert outcome(made, "services.turn.ports[4]") == "translated"
    assert outcome(made, "services.turn.ports[5]") == "dropped"


def test_tcp_and_udp_of_one_port_are_one_target_group(tmp_path: Path) -> None:
    ports = ", ".join(f"'{port}:{port}', '{port}:{port}/udp'" for port in (53, 853, 3478, 5349, 5350))
    made = planned(
        tmp_path, f"services:\n  dns:\n    image: acme/dns\n    x-aws: {{protocol: tcp}}\n    ports: [{ports}]"
    )
    assert "too-many-ports" not in codes(made)
    assert len(service(made, "dns").targets) == 5


def test_both_balancers_keep_access_logs_in_production(tmp_path: Path) -> None:
    text = "services:\n  api:\n    image: acme/api\n    ports: ['80:80', '5000:5000/udp']"
    for tier, logs in (("production", True), ("development", False)):
        made = planned(tmp_path, text, tier=tier)
        assert {b.kind: b.access_logs for b in made.balancers} == {"application": logs, "network": logs}


# ── ports that name no port of the host ─────────────────────────────────────────────────────────────────────────────

SAME = "services:\n  {}: {{image: acme/a, ports: ['3000']}}\n  {}: {{image: acme/b, ports: ['3000']}}\n"


def test_two_services_with_a_port_that_docker_draws_do_not_clash(tmp_path: Path) -> None:
    made = planned(tmp_path, SAME.format("api", "web"))
    assert refused(made) == {}
    numbers = {one.port for one in balancer(made).listeners}
    assert 3000 in numbers and len(numbers) == 2
    assert f"published as {max(numbers)}" in finding(made, "port-drawn").message


def test_a_drawn_port_does_not_hang_on_the_order_of_the_file(tmp_path: Path) -> None:
    listeners = [
        {one.id.logical_id: one.port for one in balancer(planned(tmp_path, SAME.format(*names))).listeners}
        for names in (("api", "web"), ("web", "api"))
    ]
    assert listeners[0] == listeners[1]


def test_a_port_that_is_written_wins_over_one_that_is_drawn(tmp_path: Path) -> None:
    text = "services:\n  api: {image: acme/a, ports: ['3000']}\n  web: {image: acme/b, ports: ['3000:80']}\n"
    made = planned(tmp_path, text)
    assert listener(made, 3000).source == ("services", "web", "ports", 0)
    assert len(balancer(made).listeners) == 2


def test_with_a_domain_no_port_is_drawn(tmp_path: Path) -> None:
    assert "port-drawn" not in codes(planned(tmp_path, SAME.format("api", "web") + DOMAIN))


def test_headers_that_the_balancer_drops_are_told_where_there_is_one(tmp_path: Path) -> None:
    published = planned(tmp_path, "services:\n  api: {image: acme/api, ports: ['80:80']}\n")
    assert "`api_key`" in finding(published, "headers-dropped").message
    tcp = planned(tmp_path, "services:\n  api: {image: acme/api, ports: ['80:80'], x-aws: {protocol: tcp}}\n")
    assert "headers-dropped" not in codes(tcp)
