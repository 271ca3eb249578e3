"""Session Manager's plugin: the program that carries a session's bytes, run as the AWS CLI runs it.

`session-manager-plugin RESPONSE REGION StartSession PROFILE REQUEST ENDPOINT`; after version 1.2.497 RESPONSE may name
a variable of the environment, so that the session's token shows in no list of processes (aws-cli,
`customizations/sessionmanager.py`; session-manager-plugin, `ValidateInputAndStartSession`).
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

from compose2aws.delivery.account import Account
from compose2aws.delivery.refusal import DeliveryError

PROGRAM = "session-manager-plugin"
INSTALL_PAGE = (
    "https://docs.aws.amazon.com/systems-manager/latest/userguide/session-manager-working-with-install-plugin.html"
)
_VARIABLE = "AWS_SSM_START_SESSION_RESPONSE"
_LAST_WITHOUT_VARIABLE = (1, 2, 497, 0)
_PATIENCE = 20


def find_plugin() -> str:
    """Where the plugin is. Asked before a session is begun, which would stay open without it.

    Raises `DeliveryError` where it is not installed.
    """
    found = shutil.which(PROGRAM)
    if found is None:
        raise DeliveryError(
            f"sessions need Amazon's {PROGRAM}, which is not on the PATH; how to install it: {INSTALL_PAGE}"
        )
    return found


def run_plugin(account: Account, plugin: str, session: Mapping[str, Any], request: Mapping[str, Any]) -> int:
    """Hands a session to the plugin and waits for its end. Ctrl-C is the plugin's; its exit code, or 130 after Ctrl-C.

    `session` has `SessionId`, `StreamUrl` and `TokenValue`; `request` is what StartSession was asked, its `Target` at
    least. Raises `DeliveryError` where the plugin cannot be run.
    """
    response = json.dumps(dict(session))
    environment = dict(os.environ)
    if _takes_variable(plugin):
        environment[_VARIABLE] = response
        response = _VARIABLE
    # boto3 calls the lack of a profile `default`; for the plugin that would be a profile of that name.
    profile = account.session.profile_name
    arguments = [
        plugin,
        response,
        account.region,
        "StartSession",
        "" if profile == "default" else profile,
        json.dumps(dict(request)),
        account.client("ssm").meta.endpoint_url,
    ]
    try:
        with _signals_left_to_children() as seen, subprocess.Popen(arguments, env=environment) as process:
            try:
                code = process.wait()
                return 128 + signal.SIGINT if seen else code if code >= 0 else 128 - code
            except BaseException:
                process.terminate()
                raise
    except OSError as error:
        raise DeliveryError(f"{plugin} cannot be run: {error.strerror}") from error


def _takes_variable(plugin: str) -> bool:
    try:
        answer = subprocess.run(
            [plugin, "--version"], capture_output=True, text=True, timeout=_PATIENCE, check=False
        ).stdout
        version = tuple(int(part) for part in answer.strip().split("."))
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False
    return version > _LAST_WITHOUT_VARIABLE


@contextlib.contextmanager
def _signals_left_to_children() -> Iterator[list[int]]:
    """Ctrl-C and Ctrl-\\ reach the whole group of processes: the plugin acts on them, and we wait for its end. We note
    them, for what is ignored here would be ignored by the child too. Gives those that came."""
    seen: list[int] = []
    keys = [getattr(signal, name) for name in ("SIGINT", "SIGQUIT") if hasattr(signal, name)]
    before = {number: signal.signal(number, lambda got, _: seen.append(got)) for number in keys}
    before[signal.SIGTERM] = signal.signal(signal.SIGTERM, _leave)
    try:
        yield seen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _leave(*_: object) -> None:
    raise SystemExit(128 + signal.SIGTERM)
