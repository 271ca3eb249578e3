"""Secrets and parameters: generated passwords, built strings, SSM parameters, keys."""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

import json
from typing import Any

from compose2aws.rehearsal.resource_type import (
    ApiResource,
    Context,
    Properties,
    ResourceType,
    by_id,
    call,
    changed,
    register,
)


class Secret(ResourceType):
    """A secret; `Ref` gives its ARN, whose end is random."""

    type = "AWS::SecretsManager::Secret"

    def create(self, properties: Properties, context: Context) -> str:
        """Store the text that is given, or a password that nobody has seen."""
        tags = [{"Key": key, "Value": value} for key, value in context.tags.items()]
        arguments: dict[str, Any] = {
            "Name": properties.get("Name") or context.generated_name(),
            "SecretString": self._text(properties, context),
            "Tags": tags + list(properties.get("Tags") or []),
        }
        for name in ("Description", "KmsKeyId"):
            if name in properties:
                arguments[name] = properties[name]
        return str(call(context.service("secretsmanager"), "create_secret", arguments)["ARN"])

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Store another text. Any edit of what generates the password makes a new one, as on AWS."""
        arguments: dict[str, Any] = {"SecretId": physical_id}
        for name in ("Description", "KmsKeyId"):
            if name in new:
                arguments[name] = new[name]
        if changed(old, new) & {"SecretString", "GenerateSecretString"}:
            arguments["SecretString"] = self._text(new, context)
        call(context.service("secretsmanager"), "update_secret", arguments)
        return physical_id

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Remove it at once, as CloudFormation does."""
        arguments = {"SecretId": physical_id, "ForceDeleteWithoutRecovery": True}
        call(context.service("secretsmanager"), "delete_secret", arguments)

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return what is known of it, which is never its text."""
        client = context.service("secretsmanager")
        try:
            answer = client.describe_secret(SecretId=physical_id)
        except client.exceptions.ResourceNotFoundException:
            return None
        return {**answer, "Id": physical_id}

    def _text(self, properties: Properties, context: Context) -> str:
        if "SecretString" in properties:
            return str(properties["SecretString"])
        options = dict(properties.get("GenerateSecretString") or {})
        template, key = options.pop("SecretStringTemplate", None), options.pop("GenerateStringKey", None)
        arguments: dict[str, Any] = {}
        for name, value in options.items():
            flag = name.startswith(("Exclude", "Include", "Require")) and name != "ExcludeCharacters"
            arguments[name] = str(value).lower() == "true" if flag else value
        if "PasswordLength" in arguments:
            arguments["PasswordLength"] = int(arguments["PasswordLength"])
        password = call(context.service("secretsmanager"), "get_random_password", arguments)["RandomPassword"]
        if template is None or key is None:
            return str(password)
        return json.dumps({**json.loads(template), key: password})


class ResourcePolicy(ResourceType):
    """Who may read a secret."""

    type = "AWS::SecretsManager::ResourcePolicy"

    def create(self, properties: Properties, context: Context) -> str:
        """Put the policy on the secret."""
        policy = properties["ResourcePolicy"]
        text = policy if isinstance(policy, str) else json.dumps(policy)
        arguments = {"SecretId": properties["SecretId"], "ResourcePolicy": text}
        call(context.service("secretsmanager"), "put_resource_policy", arguments)
        return str(properties["SecretId"])

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Put another policy there."""
        return self.create(new, context)

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Take the policy away."""
        call(context.service("secretsmanager"), "delete_resource_policy", {"SecretId": properties["SecretId"]})

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the secret while it has a policy."""
        answer = context.service("secretsmanager").get_resource_policy(SecretId=physical_id)
        return answer if answer.get("ResourcePolicy") else None


def _set_rotation(physical_id: str, properties: Properties, context: Context) -> None:
    if str(properties.get("EnableKeyRotation", "false")).lower() == "true":
        call(context.service("kms"), "enable_key_rotation", {"KeyId": physical_id})


def _put_policy(physical_id: str, properties: Properties, context: Context) -> None:
    policy = properties.get("KeyPolicy")
    if policy is not None:
        text = policy if isinstance(policy, str) else json.dumps(policy)
        arguments = {"KeyId": physical_id, "PolicyName": "default", "Policy": text}
        call(context.service("kms"), "put_key_policy", arguments)


def _set_key(physical_id: str, properties: Properties, context: Context) -> None:
    _put_policy(physical_id, properties, context)
    _set_rotation(physical_id, properties, context)


class Key(ApiResource):
    """A key of KMS; deleting one only plans its deletion."""

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return the key unless it is to be deleted."""
        description = super().describe(physical_id, properties, context)
        return None if description and description.get("KeyState") == "PendingDeletion" else description


register(
    Secret(),
    ResourcePolicy(),
    Key(
        type="AWS::KMS::Key",
        api="kms",
        create_with="create_key",
        made="KeyMetadata.KeyId",
        read_with="describe_key",
        ask=by_id("KeyId"),
        found="KeyMetadata",
        delete_with="schedule_key_deletion",
        elsewhere=frozenset({"EnableKeyRotation", "KeyPolicy", "PendingWindowInDays", "RotationPeriodInDays"}),
        after=_set_key,
    ),
    ApiResource(
        type="AWS::KMS::Alias",
        api="kms",
        create_with="create_alias",
        name="AliasName",
        read_with="list_aliases",
        ask=lambda *_: {},
        found="Aliases[?AliasName=='$ID'] | [0]",
        delete_with="delete_alias",
        delete_ask=by_id("AliasName"),
        update_with="update_alias",
        update_ask=by_id("AliasName"),
    ),
    ApiResource(
        type="AWS::SSM::Parameter",
        api="ssm",
        create_with="put_parameter",
        name="Name",
        read_with="get_parameter",
        ask=by_id("Name"),
        found="Parameter",
        delete_with="delete_parameter",
        update_with="put_parameter",
        update_all=True,
        update_ask=lambda physical_id, _: {"Name": physical_id, "Overwrite": True},
    ),
)
