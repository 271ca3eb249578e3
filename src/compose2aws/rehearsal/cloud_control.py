"""Cloud Control API, as far as a deployment asks it: whether a resource of a type and a name is there.

moto has no such service, so it is one more beside moto's own.
"""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

from moto import backend_index, backends
from moto.core.responses import ActionResult, BaseResponse

from compose2aws.rehearsal.refusals import Refusal, ResourceFailed
from compose2aws.rehearsal.resource_type import Context
from compose2aws.rehearsal.resources import type_of

_NAME = "cloudcontrol"
_HOST = r"https?://cloudcontrolapi\.(.+)\.amazonaws\.com"

_get_backend = backends.get_backend


class CloudControlResponse(BaseResponse):
    """The actions of Cloud Control."""

    def __init__(self) -> None:
        super().__init__(service_name=_NAME)

    def get_resource(self) -> ActionResult:
        """GetResource, of a type whose identifier is one name that its template gives."""
        given = json.loads(self.body)
        kind, identifier = given["TypeName"], given["Identifier"]
        if not _is_there(kind, identifier, self.region):
            raise Refusal(
                f"Resource of type '{kind}' with identifier '{identifier}' was not found.", "ResourceNotFoundException"
            )
        described = {"Identifier": identifier, "Properties": "{}"}
        return ActionResult({"TypeName": kind, "ResourceDescription": described})


def _is_there(kind: str, identifier: str, region: str) -> bool:
    context = Context(region=region, stack_name="", stack_id="", logical_id="")
    try:
        return type_of(kind).describe(identifier, {}, context) is not None
    except (ResourceFailed, KeyError):  # a name alone does not lead to each type
        return False


class _Backend:
    """What moto's dispatchers want to know of a service."""

    urls: ClassVar[dict[str, Any]] = {f"{_HOST}/?$": CloudControlResponse.dispatch}
    flask_paths: ClassVar[dict[str, Any]] = {"/": CloudControlResponse.dispatch}


def get_backend(name: Any) -> Any:
    """Return the service of a name, this one included."""
    return {"global": _Backend()} if name == _NAME else _get_backend(name)


CHANGES: list[tuple[Any, str, Any, str]] = [
    (backends, "get_backend", get_backend, "has no Cloud Control"),
    (
        backend_index,
        "backend_url_patterns",
        [*backend_index.backend_url_patterns, (_NAME, re.compile(_HOST))],
        "has no Cloud Control",
    ),
]
