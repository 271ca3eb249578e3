"""`{{resolve:…}}` in a resource's properties, replaced by what the account's own secrets and parameters hold.

As on AWS this happens when the resource is made or changed, after every other function, and never in the properties
of a custom resource.
"""

from __future__ import annotations

import json
import re
from typing import Any

from botocore.exceptions import ClientError

from compose2aws.rehearsal.calls import service
from compose2aws.rehearsal.refusals import ResourceFailed
from compose2aws.rehearsal.template import DYNAMIC_REFERENCE


def resolve_references(value: Any, region: str) -> Any:
    """Return the value with every dynamic reference in its texts replaced."""
    if isinstance(value, str):
        return DYNAMIC_REFERENCE.sub(lambda match: _lookup(match, region), value) if "{{resolve:" in value else value
    if isinstance(value, dict):
        return {key: resolve_references(item, region) for key, item in value.items()}
    if isinstance(value, list):
        return [resolve_references(item, region) for item in value]
    return value


def _lookup(match: re.Match[str], region: str) -> str:
    kind, body = match[1], match[2]
    try:
        return _secret(body, region) if kind == "secretsmanager" else _parameter(body, region)
    except ClientError as problem:
        error = problem.response["Error"]
        raise ResourceFailed(f"Could not resolve {match[0]}: {error.get('Message') or error.get('Code')}") from problem


def _secret(body: str, region: str) -> str:
    # An ARN has six colons of its own: arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME-SUFFIX
    parts = body.split(":")
    length = 7 if body.startswith("arn:") else 1
    identifier, rest = ":".join(parts[:length]), parts[length:]
    field, key, stage, version = (rest + [""] * 4)[:4]
    if field not in ("", "SecretString"):
        raise ResourceFailed(f"Could not resolve {{{{resolve:secretsmanager:{body}}}}}: {field} is not SecretString")
    asked = {"SecretId": identifier}
    if stage:
        asked["VersionStage"] = stage
    if version:
        asked["VersionId"] = version
    text: str = service("secretsmanager", region).get_secret_value(**asked)["SecretString"]
    if not key:
        return text
    try:
        found = json.loads(text)[key]
    except (ValueError, KeyError, TypeError) as problem:
        # The secret's text must not stand in a reason that everyone can read.
        raise ResourceFailed(f"Could not find a value associated with JSONKey in SecretString: {key}") from problem
    return found if isinstance(found, str) else json.dumps(found)


def _parameter(body: str, region: str) -> str:
    name, _, version = body.partition(":")
    asked = f"{name}:{version}" if version else name
    value: str = service("ssm", region).get_parameter(Name=asked, WithDecryption=True)["Parameter"]["Value"]
    return value
