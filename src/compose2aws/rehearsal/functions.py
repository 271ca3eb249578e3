"""Lambda functions, and the custom resources that they make.

No function runs here (that takes Docker): a custom resource's call is recorded and answered with success, unless a
handler was registered for it.
"""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from compose2aws.rehearsal.calls import as_text
from compose2aws.rehearsal.refusals import ResourceFailed
from compose2aws.rehearsal.resource_type import ApiResource, Context, Properties, ResourceType, by_id, call, register

INLINE_BYTES = 4 * 1024 * 1024


@dataclass(frozen=True)
class CustomResourceCall:
    """What CloudFormation would have sent to the function: the event, as the function reads it."""

    request_type: str
    resource_type: str
    logical_id: str
    stack_name: str
    physical_id: str | None
    properties: Mapping[str, Any]
    old_properties: Mapping[str, Any]
    service_token: str


@dataclass(frozen=True)
class CustomResourceAnswer:
    """What a handler answers: the physical id (none: it stays, or is made up) and what `Fn::GetAtt` gives."""

    physical_id: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)


CustomResourceHandler = Callable[[CustomResourceCall], CustomResourceAnswer]

recorded: list[CustomResourceCall] = []
"""Every call since the server's start, in order."""

handlers: dict[str, CustomResourceHandler] = {}
"""Handlers by resource type (`Custom::Bootstrap`) or logical id. One that raises fails the resource."""

_data: dict[tuple[str, str], Mapping[str, Any]] = {}


def _texts(value: Any) -> Any:
    # A function gets every number and boolean as text.
    if isinstance(value, dict):
        return {key: _texts(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_texts(item) for item in value]
    return as_text(value)


class CustomResource(ResourceType):
    """A resource that one of the template's own functions makes."""

    def __init__(self, resource_type: str) -> None:
        self.type = resource_type

    def create(self, properties: Properties, context: Context) -> str:
        """Call the function with `Create`."""
        return self._send("Create", None, {}, properties, context)

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Call the function with `Update`."""
        return self._send("Update", physical_id, old, new, context)

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Call the function with `Delete`."""
        self._send("Delete", physical_id, {}, properties, context)
        _data.pop((context.stack_id, physical_id), None)

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return what the function answered."""
        return _data.get((context.stack_id, physical_id))

    def find_attribute(self, name: str, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return a value of the function's answer."""
        return _data.get((context.stack_id, physical_id), {}).get(name)

    def replaced_by(self, old: Properties, new: Properties) -> set[str]:
        """Nothing: the function itself says so, with another physical id."""
        return set()

    def _send(self, request: str, physical_id: str | None, old: Properties, new: Properties, context: Context) -> str:
        token = str(new.get("ServiceToken", ""))
        _check_token(token, context)
        sent = CustomResourceCall(
            request_type=request,
            resource_type=self.type,
            logical_id=context.logical_id,
            stack_name=context.stack_name,
            physical_id=physical_id,
            properties=_texts(new),
            old_properties=_texts(old),
            service_token=token,
        )
        recorded.append(sent)
        handler = handlers.get(context.logical_id) or handlers.get(self.type)
        if handler is None:
            answer = CustomResourceAnswer()
        else:
            try:
                answer = handler(sent)
            except Exception as problem:
                raise ResourceFailed(
                    f"Received response status [FAILED] from custom resource. Message returned: {problem}"
                ) from problem
        made = answer.physical_id or physical_id or f"{context.logical_id}-{uuid4()}"
        _data[context.stack_id, made] = dict(answer.data)
        return made


def _check_token(token: str, context: Context) -> None:
    if not token:
        raise ResourceFailed("Invalid service token: ServiceToken must be specified")
    if ":function:" in token:
        call(context.service("lambda"), "get_function", {"FunctionName": token})


def forget() -> None:
    """Forget every call, answer and handler."""
    recorded.clear()
    handlers.clear()
    _data.clear()


def _function_request(properties: Properties, _: Context) -> Properties:
    adapted = dict(properties)
    if "Code" not in adapted:
        return adapted
    code = dict(adapted["Code"])
    if "ZipFile" in code:
        source = str(code["ZipFile"])
        if len(source.encode("utf-8")) > INLINE_BYTES:
            raise ResourceFailed(f"ZipFile must not exceed {INLINE_BYTES} bytes")
        code["ZipFile"] = _packed(source, str(adapted.get("Runtime", "")))
    adapted["Code"] = code
    return adapted


def _packed(source: str, runtime: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("index.js" if runtime.startswith("nodejs") else "index.py", source)
    return buffer.getvalue()


class Function(ApiResource):
    """A Lambda function; its code and its settings change by two operations."""

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Change its code, its settings, or both."""
        if old.get("Code") != new.get("Code"):
            code = _function_request(new, context)["Code"]
            call(context.service("lambda"), "update_function_code", {"FunctionName": physical_id, **code})
        return super().update(physical_id, old, new, context)


class Permission(ApiResource):
    """Who may call a function; `Ref` gives the statement's id."""

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the statement of the function's policy."""
        answer = super().describe(physical_id, properties, context)
        if answer is None:
            return None
        for statement in json.loads(answer).get("Statement", []):
            if statement.get("Sid") == physical_id:
                return {**statement, "Id": physical_id}
        return None


register(
    Function(
        type="AWS::Lambda::Function",
        api="lambda",
        create_with="create_function",
        name="FunctionName",
        name_limit=64,
        before=_function_request,
        read_with="get_function",
        ask=by_id("FunctionName"),
        found="Configuration",
        delete_with="delete_function",
        update_with="update_function_configuration",
        attributes={"Arn": "FunctionArn"},
    ),
    Permission(
        type="AWS::Lambda::Permission",
        api="lambda",
        create_with="add_permission",
        name="StatementId",
        name_limit=100,
        read_with="get_policy",
        ask=lambda _, properties: {"FunctionName": properties["FunctionName"]},
        found="Policy",
        delete_with="remove_permission",
        delete_ask=lambda physical_id, properties: {
            "FunctionName": properties["FunctionName"],
            "StatementId": physical_id,
        },
    ),
    CustomResource("AWS::CloudFormation::CustomResource"),
)
