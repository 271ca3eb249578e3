"""A template's parameters: what is given, what is kept from before, and what CloudFormation does not accept."""

from __future__ import annotations

import re
from typing import Any

from botocore.exceptions import ClientError

from compose2aws.rehearsal.calls import service
from compose2aws.rehearsal.refusals import Refusal

VALUE_BYTES = 4_096
MASK = "****"
_SSM = "AWS::SSM::Parameter::Value<"


def given_values(
    template: dict[str, Any], entries: list[dict[str, Any]], previous: dict[str, str] | None
) -> dict[str, str]:
    """Return the text of every parameter as the caller wants it, or refuse the call.

    `previous` are the texts of the stack before an update; None when a stack is created.
    """
    declared: dict[str, Any] = template.get("Parameters") or {}
    unknown = [entry["ParameterKey"] for entry in entries if entry["ParameterKey"] not in declared]
    if unknown:
        raise Refusal(f"Parameters: [{', '.join(unknown)}] do not exist in the template")
    values: dict[str, str] = {}
    for entry in entries:
        key = entry["ParameterKey"]
        if str(entry.get("UsePreviousValue", "")).lower() == "true":
            if "ParameterValue" in entry:
                raise Refusal(
                    f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true and non empty "
                    "value for a parameter"
                )
            if previous is None or key not in previous:
                raise Refusal(
                    f"Invalid input for parameter key {key}. Cannot specify usePreviousValue as true for a "
                    "parameter key not in the previous template"
                )
            values[key] = previous[key]
        elif "ParameterValue" in entry:
            values[key] = entry["ParameterValue"]
    for key, declaration in declared.items():
        if key not in values and "Default" in declaration:
            values[key] = _text_of(declaration["Default"])
    missing = [key for key in declared if key not in values]
    if missing:
        raise Refusal(f"Parameters: [{', '.join(missing)}] must have values")
    for key, declaration in declared.items():
        _check(key, values[key], declaration)
    return {key: values[key] for key in declared}


def _text_of(default: Any) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    return str(default)


def _check(key: str, value: str, declaration: dict[str, Any]) -> None:
    complaint = declaration.get("ConstraintDescription")

    def refuse(reason: str) -> None:
        raise Refusal(f"Parameter {key} failed to satisfy constraint: {complaint or reason}")

    if len(value.encode("utf-8")) > VALUE_BYTES:
        raise Refusal(
            f"1 validation error detected: Value at 'parameters.{key}.member.parameterValue' failed to satisfy "
            f"constraint: Member must have length less than or equal to {VALUE_BYTES}"
        )
    allowed = declaration.get("AllowedValues")
    if allowed is not None and value not in [_text_of(item) for item in allowed]:
        if complaint:
            refuse(complaint)
        raise Refusal(f"Parameter '{key}' must be one of AllowedValues")
    pattern = declaration.get("AllowedPattern")
    if pattern is not None and re.fullmatch(pattern, value) is None:
        shown = MASK if is_masked(declaration) else value
        refuse(f"Parameter value {shown} for parameter name {key} does not match the regular expression {pattern}")
    if len(value) < int(declaration.get("MinLength", 0)):
        refuse(f"Member must have length greater than or equal to {declaration['MinLength']}")
    if "MaxLength" in declaration and len(value) > int(declaration["MaxLength"]):
        refuse(f"Member must have length less than or equal to {declaration['MaxLength']}")
    if declaration.get("Type") == "Number":
        _check_number(key, value, declaration)


def _check_number(key: str, value: str, declaration: dict[str, Any]) -> None:
    try:
        number = float(value)
    except ValueError as problem:
        raise Refusal(f"Parameter '{key}' must be a number.") from problem
    if "MinValue" in declaration and number < float(declaration["MinValue"]):
        raise Refusal(f"Parameter '{key}' must be a number not less than {declaration['MinValue']}")
    if "MaxValue" in declaration and number > float(declaration["MaxValue"]):
        raise Refusal(f"Parameter '{key}' must be a number not greater than {declaration['MaxValue']}")


def is_masked(declaration: dict[str, Any]) -> bool:
    """Whether a parameter's value is shown to nobody."""
    return str(declaration.get("NoEcho", "false")).lower() == "true"


def resolved_values(template: dict[str, Any], values: dict[str, str], region: str) -> dict[str, Any]:
    """Return what `Ref` of each parameter gives: lists are split, names of SSM parameters looked up."""
    resolved: dict[str, Any] = {}
    for key, declaration in (template.get("Parameters") or {}).items():
        kind: str = declaration.get("Type", "String")
        value: Any = values[key]
        if kind.startswith(_SSM):
            value = _stored(value, region)
            kind = kind.removeprefix(_SSM).removesuffix(">")
        if kind == "AWS::Route53::HostedZone::Id":
            _check_zone(key, value, region)
        if kind == "CommaDelimitedList" or kind.startswith("List<"):
            value = [item.strip() for item in value.split(",")]
        resolved[key] = value
    return resolved


def _check_zone(key: str, value: str, region: str) -> None:
    # CloudFormation looks up what parameters of AWS's own types name; hosted zones are the ones that we ask for.
    try:
        service("route53", region).get_hosted_zone(Id=value)
    except ClientError as problem:
        raise Refusal(
            f"Parameter validation failed: parameter value {value} for parameter name {key} does not exist"
        ) from problem


def _stored(name: str, region: str) -> str:
    try:
        value: str = service("ssm", region).get_parameter(Name=name)["Parameter"]["Value"]
    except ClientError as problem:
        if name.startswith("/aws/service/ecs/optimized-ami/"):
            return _machine_image(region)
        raise Refusal(f"Unable to fetch parameters [{name}] from parameter store for this account.") from problem
    return value


def _machine_image(region: str) -> str:
    # moto carries only some of Amazon's public parameters; any of its own images stands for the newest one.
    images = service("ec2", region).describe_images(Owners=["amazon"])["Images"]
    identifier: str = images[0]["ImageId"]
    return identifier
