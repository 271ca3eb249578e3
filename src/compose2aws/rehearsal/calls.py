"""The account's own calls to its service APIs: real boto3 clients whose requests never leave the process.

CloudFormation makes resources by calling the same APIs that users call, so do we. What a service refuses there is
the reason that the stack's events show.
"""

from __future__ import annotations

import json
import threading
from functools import cache, lru_cache
from typing import Any

import boto3
import botocore.session
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.config import Config
from botocore.model import ListShape, MapShape, Shape, StructureShape
from moto.core.botocore_stubber import BotocoreStubber, MockRawResponse

ACCOUNT = "123456789012"
"""The one account of a rehearsal (moto's own default)."""

_WHOLE_NUMBERS = ("integer", "long")
_FRACTIONS = ("float", "double")


# Sessions may not make clients in two threads at once.
_making = threading.Lock()


@lru_cache(maxsize=1)
def _session() -> boto3.Session:
    # One for the process: reading botocore's models of the services is what costs time. The user's own profile and
    # files are not for it.
    nothing = dict.fromkeys(("profile", "config_file", "credentials_file"), (None, None, None, None))
    core = botocore.session.Session(session_vars=nothing)
    core.set_credentials("rehearsal", "rehearsal")
    return boto3.Session(botocore_session=core)


def _answer_in_process(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
    answer = BotocoreStubber().process_request(request)
    if answer is None:
        raise RuntimeError(f"the rehearsal has no service at {request.url}")
    status, headers, body = answer
    return AWSResponse(request.url, status, headers, MockRawResponse(body))


def new_client(name: str, region: str, config: Config, *, endpoint: str | None = None) -> Any:
    """Return a boto3 client with the rehearsal's credentials."""
    with _making:
        return _session().client(name, region_name=region, endpoint_url=endpoint, config=config)


@cache
def service(name: str, region: str) -> Any:
    """Return a boto3 client of the service that talks to the account in this process, without HTTP."""
    # An endpoint from the environment is for other clients: this one's requests go nowhere.
    config = Config(retries={"max_attempts": 0}, ignore_configured_endpoint_urls=True)  # type: ignore[call-arg]
    client = new_client(name, region, config)
    client.meta.events.register("before-send", _answer_in_process)
    return client


def input_shape(name: str, region: str, operation: str) -> StructureShape:
    """Return botocore's description of what an operation (`create_db_cluster`) takes."""
    client = service(name, region)
    method = client.meta.method_to_api_mapping[operation]
    shape = client.meta.service_model.operation_model(method).input_shape
    return shape if shape is not None else StructureShape("Nothing", {"type": "structure", "members": {}})


def fit(value: Any, shape: Shape) -> Any:
    """Turn a template's value into what the API takes: names in its spelling, numbers and booleans as such.

    Templates write `Port: "5432"` and `Tags` as lists where an API may want a number and a map. Members that the API
    does not know are left out; the caller looks after those at the top (`members_of`).
    """
    if isinstance(shape, StructureShape):
        if not isinstance(value, dict):
            return value
        known = members_of(shape)
        return {
            known[key.lower()]: fit(item, shape.members[known[key.lower()]])
            for key, item in value.items()
            if key.lower() in known
        }
    if isinstance(shape, ListShape):
        items = value if isinstance(value, list) else [value]
        return [fit(item, shape.member) for item in items]
    if isinstance(shape, MapShape):
        if isinstance(value, list):  # a template's tags
            value = {item["Key"]: item["Value"] for item in value}
        return {str(key): fit(item, shape.value) for key, item in value.items()} if isinstance(value, dict) else value
    return _scalar(value, shape.type_name)


def members_of(shape: StructureShape) -> dict[str, str]:
    """Return a structure's members, by their names in lower case."""
    return {name.lower(): name for name in shape.members}


def _scalar(value: Any, kind: str) -> Any:
    if kind in _WHOLE_NUMBERS and isinstance(value, str | float):
        return _number(value, int)
    if kind in _FRACTIONS and isinstance(value, str | int):
        return _number(value, float)
    if kind == "boolean" and isinstance(value, str):
        return {"true": True, "false": False}.get(value.lower(), value)
    if kind == "string":
        return as_text(value)
    return value


def _number(value: str | float, kind: type[int] | type[float]) -> Any:
    try:
        return kind(value)
    except ValueError:
        return value  # botocore's validation names the parameter and what it wants


def as_text(value: Any) -> Any:
    """Return a value as CloudFormation writes it where a string is wanted: `true`, `5432`, JSON for documents."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    if isinstance(value, dict | list):
        return json.dumps(value)
    return value
