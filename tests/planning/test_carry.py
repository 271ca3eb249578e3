"""Settings of mounted configuration files: what goes into the parameter group, and what is told of the rest."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose2aws.planning.managed.carry import in_unit
from compose2aws.planning.managed.setting_file import Style, settings_in
from compose2aws.planning.model import Plan
from tests.planning.projects import becomes, codes, decision, finding, outcome, planned

REDIS_CONF = """
# a comment
maxmemory-policy allkeys-lru
notify-keyspace-events "Ex"
appendonly yes
requirepass sesame-sesame
rename-command FLUSHALL ""
"""


def with_file(folder: Path, image: str, target: str, text: str, command: str = "") -> Plan:
    """The plan of a database that mounts a file of settings."""
    name = target.rpartition("/")[2]
    body = f"services:\n  db:\n    image: {image}\n    volumes: ['./{name}:{target}:ro']\n"
    return planned(folder, body + (f"    command: {command}\n" if command else ""), {name: text})


@pytest.mark.parametrize(
    ("style", "text", "found"),
    [
        ("redis", "timeout 30\n# x 1\n\nsave 900 1", [("timeout", "30"), ("save", "900 1")]),
        ("redis", "notify-keyspace-events ''", [("notify-keyspace-events", "")]),
        (
            "postgres",
            "max_connections = 200 # many\nwork_mem '8MB'\n#x = 1\nsearch_path = 'a, ''b'''",
            [("max_connections", "200"), ("work_mem", "8MB"), ("search_path", "a, 'b'")],
        ),
        (
            "mysql",
            "[client]\nport=1\n[mysqld]\nmax-connections = 9 # few\nskip-x\n!includedir /x\n[mysqldump]\nquick",
            [("max_connections", "9"), ("skip_x", "")],
        ),
        ("mysql", "[mariadb-11.4]\nloose-sql_mode='ANSI'", [("sql_mode", "ANSI")]),
        ("mysql", "max_connections=9", []),
    ],
)
def test_files_are_read_as_their_servers_read_them(style: Style, text: str, found: list[tuple[str, str]]) -> None:
    assert list(settings_in(style, text)) == found


@pytest.mark.parametrize(
    ("value", "unit", "counted"),
    [
        ("256MB", "8kB", "32768"),
        ("8MB", "kB", "8192"),
        ("64M", "B", "67108864"),
        ("1GB", "MB", "1024"),
        ("5min", "s", "300"),
        ("1.5s", "ms", "1500"),
        ("32768", "8kB", "32768"),
        ("-1", "ms", "-1"),
        ("on", "bool", "1"),
        ("OFF", "bool", "0"),
        ("maybe", "bool", None),
        ("lots", "kB", None),
        ("5 parsecs", "s", None),
        ("anything", None, "anything"),
    ],
)
def test_a_value_is_counted_in_the_unit_of_its_parameter(value: str, unit: str | None, counted: str | None) -> None:
    assert in_unit(value, unit) == counted


def test_a_redis_conf_goes_into_the_parameter_group(tmp_path: Path) -> None:
    made = with_file(tmp_path, "redis:7", "/etc/redis.conf", REDIS_CONF, "redis-server /etc/redis.conf")
    parameters = dict(made.managed[0].parameters)
    assert parameters["maxmemory-policy"] == "allkeys-lru"
    assert parameters["notify-keyspace-events"] == "Ex"
    assert "appendonly" not in parameters
    assert outcome(made, "services.db.volumes[0]") == "adapted"
    assert becomes(made, "services.db.volumes[0]") == {"DbParameterGroup"}
    assert decision(made, "services.db.volumes[0]").code == "settings-carried"
    assert "managed-file-not-used" not in codes(made)
    assert "rename-command" in finding(made, "setting-not-carried").message


def test_a_password_in_a_file_is_told_and_written_nowhere(tmp_path: Path) -> None:
    made = with_file(tmp_path, "redis:7", "/etc/redis.conf", REDIS_CONF, "redis-server /etc/redis.conf")
    assert finding(made, "password-in-file").severity == "warning"
    assert "sesame" not in repr(made)


def test_a_file_that_the_command_does_not_name_is_not_read(tmp_path: Path) -> None:
    made = with_file(tmp_path, "redis:7", "/etc/redis.conf", REDIS_CONF)
    assert dict(made.managed[0].parameters) == {"maxmemory-policy": "noeviction"}
    assert decision(made, "services.db.volumes[0]").code == "managed-file-not-used"


def test_the_command_wins_over_the_file(tmp_path: Path) -> None:
    command = "redis-server /etc/redis.conf --maxmemory-policy volatile-ttl"
    made = with_file(tmp_path, "redis:7", "/etc/redis.conf", REDIS_CONF, command)
    assert dict(made.managed[0].parameters)["maxmemory-policy"] == "volatile-ttl"


def test_values_of_files_are_counted_as_aws_counts_them(tmp_path: Path) -> None:
    made = with_file(tmp_path, "mysql:8.0", "/etc/mysql/conf.d/own.cnf", "[mysqld]\nmax_allowed_packet = 64M\n")
    assert dict(made.managed[0].parameters)["max_allowed_packet"] == "67108864"
    text = "shared_buffers = 1GB\nwal_compression = on\n"
    made = with_file(tmp_path, "postgres:16", "/var/lib/postgresql/data/postgresql.conf", text)
    assert dict(made.managed[0].parameters)["shared_buffers"] == "131072"
    assert "wal_compression" in finding(made, "setting-not-carried").message
    assert "volume-absorbed" not in codes(made)


def test_a_file_of_which_nothing_goes_over_is_dropped(tmp_path: Path) -> None:
    made = with_file(tmp_path, "mysql:8.0", "/etc/my.cnf", "[mysqld]\nplugin_load_add = x.so\n")
    assert outcome(made, "services.db.volumes[0]") == "dropped"
    assert "plugin_load_add" in finding(made, "setting-not-carried").message
    assert "x.so" not in finding(made, "setting-not-carried").message


def test_who_may_connect_is_no_setting(tmp_path: Path) -> None:
    made = with_file(
        tmp_path, "postgres:16", "/etc/pg_hba.conf", "host all all all md5\n", "-c hba_file=/etc/pg_hba.conf"
    )
    assert decision(made, "services.db.volumes[0]").code == "managed-file-not-used"


def test_a_config_of_the_file_is_read_too(tmp_path: Path) -> None:
    made = planned(
        tmp_path,
        """
        services:
          cache:
            image: redis:7
            command: redis-server /redis.conf
            configs: [{source: settings, target: /redis.conf}]
        configs:
          settings: {content: "timeout 30"}
        """,
    )
    assert dict(made.managed[0].parameters)["timeout"] == "30"
    assert outcome(made, "services.cache.configs[0]") == "adapted"
    assert outcome(made, "configs.settings") == "adapted"


def test_settings_are_found_in_a_shells_script(tmp_path: Path) -> None:
    script = "command: ['sh', '-c', 'echo a=b; exec postgres -c max_connections=200 -c log_statement=all && -c x=y']"
    made = planned(tmp_path, f"services:\n  db:\n    image: postgres:16\n    {script}\n")
    (item,) = made.managed
    assert {("max_connections", "200"), ("log_statement", "all")} <= set(item.parameters)
    assert "setting-not-carried" not in codes(made)
