"""The AWS account that a command talks to: boto3's own chain of credentials, regions, endpoints and retries."""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass
from typing import Any

from boto3.session import Session
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session as BotocoreSession

from compose2aws.delivery.refusal import DeliveryError, explained

_ATTEMPTS = 8
_FIRST_ATTEMPTS = 2
_CONNECT_SECONDS = 5
_READ_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the credentials belong to, as STS says it."""

    account: str
    arn: str


class Account:
    """An account in a region. Clients are made when they are first asked for, one a service. `attempts_given`: the
    environment or the profile says how often a call is tried."""

    def __init__(self, session: Session, region: str, *, attempts_given: bool = False) -> None:
        self.session = session
        self.region = region
        self._attempts_given = attempts_given
        self._clients: dict[str, Any] = {}

    def client(self, service: str) -> Any:
        """The boto3 client of a service (`cloudformation`). Its calls raise botocore's exceptions.

        Raises `DeliveryError` where the endpoint that is set is no address.
        """
        if service not in self._clients:
            self._clients[service] = self._client(service, _ATTEMPTS)
        return self._clients[service]

    def _client(self, service: str, attempts: int) -> Any:
        retries = {} if self._attempts_given else {"total_max_attempts": attempts}
        config = Config(
            retries=retries,  # type: ignore[arg-type]
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_READ_SECONDS,
        )
        try:
            return self.session.client(service, config=config)
        except ValueError as error:
            raise DeliveryError(
                f"no client for {service} can be made: {error}. An endpoint is written https://HOST:PORT or "
                "http://HOST:PORT (AWS_ENDPOINT_URL, or endpoint_url in the profile)"
            ) from error

    @property
    def partition(self) -> str:
        """What ARNs of the region begin with: `aws`, `aws-cn`, `aws-us-gov`."""
        return str(self.session.get_partition_for_region(self.region))

    @property
    def dns_suffix(self) -> str:
        """What the names of the region's endpoints end with."""
        return "amazonaws.com.cn" if self.partition == "aws-cn" else "amazonaws.com"

    @functools.cached_property
    def identity(self) -> Identity:
        """Who calls. The first call of a command: it fails soon where nobody answers, with a sentence that says why.

        Raises `DeliveryError`.
        """
        try:
            caller = self._client("sts", _FIRST_ATTEMPTS).get_caller_identity()
        except (BotoCoreError, ClientError) as error:
            raise DeliveryError(explained(error)) from error
        return Identity(caller["Account"], caller["Arn"])


def open_account(region: str | None = None, profile: str | None = None) -> Account:
    """The account that the environment and the options name. Nothing is called yet.

    Raises `DeliveryError` where there is no region, or no profile of that name.
    """
    # Unlike every other SDK and the AWS CLI, boto3 reads AWS_DEFAULT_REGION alone.
    region = region or os.environ.get("AWS_REGION") or None
    try:
        session = Session(region_name=region, profile_name=profile)
        where = session.region_name
        given = BotocoreSession(profile=profile).get_config_variable("max_attempts") is not None
    except BotoCoreError as error:
        raise DeliveryError(explained(error)) from error
    if not where:
        raise DeliveryError(
            "no AWS region is set: give --region, or set AWS_REGION, or a region in the profile (aws configure)"
        )
    return Account(session, where, attempts_given=given)
