"""The generated login of a managed service: one secret, and the expression that reads the password from it."""

from __future__ import annotations

from troposphere import Ref, secretsmanager

from compose2aws.cloudformation.expression import Expression, encryption_key, joined
from compose2aws.cloudformation.graph import Graph
from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId

PASSWORD_KEY = "password"  # noqa: S105 - the key in the secret's JSON
_LENGTH = 32


# All that Secrets Manager could draw but `-._~`, which stand in a URL as they are (RFC 3986, "Unreserved Characters").
_IN_NO_URL = "!\"#$%&'()*+,/:;<=>?@[\\]^`{|}"


def emit_login(graph: Graph, login: ResourceId, service: str, source: Path, *, punctuated: bool = False) -> None:
    """Add the secret. `GenerateSecretString` is frozen to the byte: any change of it makes a new password that the
    database does not get. It has no name (a deleted one's is blocked) and holds no user name. `punctuated`: the service
    asks for a character that is neither letter nor digit."""
    characters = {"ExcludeCharacters": _IN_NO_URL} if punctuated else {"ExcludePunctuation": True}
    graph.add(
        secretsmanager.Secret(
            login.logical_id,
            Description=f"The password of {service}",
            KmsKeyId=encryption_key(),
            GenerateSecretString=secretsmanager.GenerateSecretString(
                **characters,
                GenerateStringKey=PASSWORD_KEY,
                PasswordLength=_LENGTH,
                SecretStringTemplate="{}",
            ),
        ),
        source,
    )


def password(login: ResourceId) -> Expression:
    """The password as a dynamic reference: CloudFormation reads it when it makes the resource, no template holds it.
    (CloudFormation, "Get a secret or secret value from Secrets Manager")."""
    return joined("{{resolve:secretsmanager:", Ref(login.logical_id), f":SecretString:{PASSWORD_KEY}}}}}")
