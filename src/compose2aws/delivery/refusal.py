"""What AWS, or the way to it, refuses: one sentence for a person, with what to do.

Every exception of botocore ends here (`explained`), so no command wraps its calls one by one.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from botocore import exceptions
from botocore.parsers import ResponseParserError


class DeliveryError(Exception):
    """A command cannot go on, and this sentence says why and what to do. Never holds a secret."""


_EXPIRED = frozenset({"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"})
_UNKNOWN = frozenset(
    {"InvalidClientTokenId", "UnrecognizedClientException", "InvalidAccessKeyId", "AuthFailure", "InvalidToken"}
)
_WRONG_KEY = frozenset({"SignatureDoesNotMatch", "IncompleteSignature"})
DENIED = frozenset(
    {"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "Forbidden"}
)
"""The codes by which services say that the caller may not."""

THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestLimitExceeded",
        "TooManyRequestsException",
        "SlowDown",
        "BandwidthLimitExceeded",
        "PriorRequestNotComplete",
    }
)
UNWELL = frozenset(
    {"InternalFailure", "InternalError", "InternalServerError", "ServiceUnavailable", "500", "502", "503", "504"}
)
_RENEW = "renew them (aws sso login, or a new session token) and run the same command again: it goes on where it was"


def explained(error: Exception) -> str:
    """One sentence about an exception of botocore: what was asked of which service, why it failed, what to do."""
    if isinstance(error, exceptions.ClientError):
        return _answered(error)
    if isinstance(error, ResponseParserError):
        return "what answered in AWS's place is no answer of AWS: check AWS_ENDPOINT_URL and the proxy, then try again"
    for kinds, sentence in _unanswered():
        if isinstance(error, kinds):
            return sentence(error)
    return f"AWS could not be asked: {_one_line(str(error))}"


def code_of(error: Exception) -> str:
    """The code of AWS's answer (`ValidationError`), empty where there was none."""
    response = getattr(error, "response", None)
    return str((response or {}).get("Error", {}).get("Code", "")) if isinstance(response, dict) else ""


def message_of(error: Exception) -> str:
    """The message of AWS's answer in one line, empty where there was none."""
    response = getattr(error, "response", None)
    text = (response or {}).get("Error", {}).get("Message", "") if isinstance(response, dict) else ""
    return _one_line(str(text))


def _answered(error: Any) -> str:
    code, message, operation = code_of(error), message_of(error), error.operation_name
    if code in _EXPIRED:
        return f"the AWS credentials have expired: {_RENEW}"
    if code in _UNKNOWN:
        return f"AWS does not know these credentials ({code}): check the access key, the profile and the region"
    if code in _WRONG_KEY:
        return "AWS refuses the signature: the secret access key is wrong, or this machine's clock is off"
    if code in DENIED:
        return f"the credentials may not do {operation}: {message}" if message else f"they may not do {operation}"
    if code in THROTTLED:
        return f"AWS is throttling {operation}, also after several tries: run the same command again in a while"
    if code in UNWELL:
        return f"AWS failed at {operation} ({code}), also after several tries: run the same command again in a while"
    return f"AWS refuses {operation}: {message or code}"


def _unanswered() -> list[tuple[tuple[type[Exception], ...], Callable[[Any], str]]]:
    return [
        (
            (exceptions.NoCredentialsError, exceptions.PartialCredentialsError),
            lambda _: (
                "no AWS credentials were found: run `aws configure` or `aws sso login`, give --aws-profile, or set "
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
            ),
        ),
        (
            (exceptions.ProfileNotFound,),
            lambda error: f"there is no AWS profile {error.kwargs.get('profile')!r} (~/.aws/config)",
        ),
        (
            (
                exceptions.TokenRetrievalError,
                exceptions.UnauthorizedSSOTokenError,
                exceptions.SSOTokenLoadError,
                exceptions.CredentialRetrievalError,
            ),
            lambda _: f"the AWS credentials cannot be had, they may have expired: {_RENEW}",
        ),
        ((exceptions.NoRegionError,), lambda _: "no AWS region is set: give --region or set AWS_REGION"),
        (
            (exceptions.InvalidRegionError,),
            lambda error: f"{error.kwargs.get('region_name')!r} is not the name of an AWS region",
        ),
        (
            (exceptions.SSLError,),
            lambda error: f"the certificate of {_place(error)} is not trusted; behind a proxy, set AWS_CA_BUNDLE",
        ),
        (
            (exceptions.EndpointConnectionError, exceptions.ProxyConnectionError, exceptions.ConnectTimeoutError),
            lambda error: f"nothing answers at {_place(error)}: check the network, the region and AWS_ENDPOINT_URL",
        ),
        (
            (exceptions.ReadTimeoutError, exceptions.ConnectionClosedError, exceptions.HTTPClientError),
            lambda error: (
                f"the connection to {_place(error)} broke off, also after several tries: run the same command "
                "again, it goes on where it was"
            ),
        ),
    ]


def _place(error: Any) -> str:
    url = str(error.kwargs.get("endpoint_url") or "AWS")
    return re.sub(r"(?<=://)[^/@]*@|\?.*", "", url)


def _one_line(text: str) -> str:
    return " ".join(text.split())
