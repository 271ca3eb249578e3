"""An AWS account in this process, and a server that makes it reachable over HTTP on loopback."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any, ClassVar, Self

from botocore.config import Config
from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server

from compose2aws.catalog.catalog import read_table
from compose2aws.rehearsal import (
    crash_loops,
    functions,
    installation,
    operations,
    resource_type,
    resources,
    stack,
    stock,
)
from compose2aws.rehearsal.calls import new_client, service
from compose2aws.rehearsal.crash_loops import ContainerHandler
from compose2aws.rehearsal.functions import CustomResourceCall, CustomResourceHandler
from compose2aws.rehearsal.template import creation_order

REGION = "us-east-1"


class RehearsalAccount:
    """An empty account, from `start` to `stop`, that only this process reaches.

    One at a time in a process: moto's services keep their state in the process. `background` runs stack operations
    behind the call that starts them, as AWS does; `pause` is how many seconds each resource then takes.
    """

    _running: ClassVar[RehearsalAccount | None] = None

    def __init__(self, *, region: str = REGION, background: bool = False, pause: float = 0.0) -> None:
        self.region = region
        self._background = background
        self._pause = pause

    def start(self) -> Self:
        """Open the account; everything that an earlier one held is gone."""
        if RehearsalAccount._running is not None:
            raise RuntimeError("a rehearsal is already running in this process; stop it first")
        installation.install()
        _forget()
        operations.pace.background, operations.pace.pause = self._background, self._pause
        RehearsalAccount._running = self
        return self

    def stop(self) -> None:
        """Close the account and forget what it held."""
        if RehearsalAccount._running is not self:
            return
        for thread in operations.pace.threads:
            thread.join(timeout=30)
        operations.pace.threads.clear()
        _forget()
        installation.uninstall()
        RehearsalAccount._running = None

    def client(self, name: str, region: str | None = None) -> Any:
        """Return a boto3 client of a service."""
        return service(name, region or self.region)

    def use_services(self) -> Self:
        """Make it an account whose services were used before: the roles that they have for their own work are there.

        A new account lacks them, and a deployment says so before it touches anything.
        """
        iam = self.client("iam")
        for role in read_table("service-linked-roles")["roles"]:
            iam.create_service_linked_role(AWSServiceName=role["service"])
        return self

    @property
    def custom_resource_calls(self) -> list[CustomResourceCall]:
        """What was sent to the functions of custom resources, in order."""
        return list(functions.recorded)

    def on_custom_resource(self, type_or_logical_id: str, handler: CustomResourceHandler) -> None:
        """Let a handler answer for a custom resource; unhandled ones succeed with an empty answer."""
        functions.handlers[type_or_logical_id] = handler

    def on_container(self, name: str, handler: ContainerHandler) -> None:
        """Let a handler say, of each container of that name in a service that is made or changed, how it ends; others
        run."""
        crash_loops.handlers[name] = handler

    @property
    def uncarried_properties(self) -> list[tuple[str, str]]:
        """Properties that were given and that AWS has, but the service behind it does not take: (type, property)."""
        return sorted(resource_type.uncarried)

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop, whatever happened."""
        self.stop()


class RehearsalServer(RehearsalAccount):
    """An account behind a real HTTP server, for clients of this and of other processes."""

    def __init__(self, *, region: str = REGION, background: bool = False, pause: float = 0.0, port: int = 0) -> None:
        super().__init__(region=region, background=background, pause=pause)
        self._port = port
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self._clients: dict[tuple[str, str], Any] = {}

    def start(self) -> Self:
        """Open the account and listen on loopback."""
        super().start()
        application = DomainDispatcherApplication(create_backend_app)
        try:
            self._server = make_server(
                "127.0.0.1", self._port, application, threaded=True, request_handler=_QuietHandler
            )
        except OSError:
            super().stop()
            raise
        # How often it looks whether it should stop is how long a stop takes.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop listening and close the account."""
        if self._server is not None and self._thread is not None:
            for client in self._clients.values():
                client.close()
            self._clients.clear()
            self._server.shutdown()
            self._thread.join()
            self._server.server_close()
            self._server = self._thread = None
        super().stop()

    @property
    def endpoint(self) -> str:
        """Where the server listens."""
        if self._server is None:
            raise RuntimeError("the rehearsal server is not running")
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables that make a child process talk to this account, and to no other.

        They go over the ones of this process; `AWS_PROFILE` must not be among those, since no file has profiles then.
        """
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": "rehearsal",
            "AWS_SECRET_ACCESS_KEY": "rehearsal",
            "AWS_SESSION_TOKEN": "rehearsal",
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }

    def client(self, name: str, region: str | None = None) -> Any:
        """Return a boto3 client that talks to the server over HTTP."""
        wanted = (name, region or self.region)
        if wanted not in self._clients:
            config = Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"})
            self._clients[wanted] = new_client(name, wanted[1], config, endpoint=self.endpoint)
        return self._clients[wanted]


class _QuietHandler(MotoRequestHandler):
    """Answers without writing a line for each request."""

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - werkzeug's own name
        """Write nothing."""


def _forget() -> None:
    moto_api_backend.reset()
    stack.forget()
    stock.forget()
    functions.forget()
    crash_loops.forget()
    resource_type.uncarried.clear()


def missing_resources(server: RehearsalAccount, stack_name: str, region: str | None = None) -> list[str]:
    """Return the logical ids of a stack's template that nothing made, or whose service does not know them.

    Resources whose condition does not hold are not missed.
    """
    found = stack.store(region or server.region).find(stack_name)
    if found is None:
        raise ValueError(f"there is no stack {stack_name}")
    wanted = operations.Wanted(found.template_body, found.template, found.parameters, found.tags)
    values = operations.values_for(found, wanted, set())
    missing = []
    for logical_id in creation_order(found.template):
        if not values.exists(found.template["Resources"][logical_id]):
            continue
        made = found.resources.get(logical_id)
        if made is None or not made.physical_id or not resources.exists(found, made):
            missing.append(logical_id)
    return missing
