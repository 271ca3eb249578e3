"""Service Quotas where moto lacks it: the defaults of what a deployment asks for. A new account has those."""

from __future__ import annotations

import json
from typing import Any

from moto.servicequotas.exceptions import NoSuchResource
from moto.servicequotas.responses import ServiceQuotasResponse

from compose2aws.catalog.catalog import read_table


def get_aws_default_service_quota(self: Any) -> str:
    """GetAWSDefaultServiceQuota."""
    given = json.loads(self.body)
    service, code = given["ServiceCode"], given["QuotaCode"]
    for row in read_table("quotas")["quotas"]:
        if (row["service"], row["code"]) == (service, code):
            quota = {"ServiceCode": service, "QuotaCode": code, "QuotaName": row["name"], "Value": row["default"]}
            return json.dumps({"Quota": quota})
    raise NoSuchResource


CHANGES: list[tuple[Any, str, Any, str]] = [
    (
        ServiceQuotasResponse,
        "get_aws_default_service_quota",
        get_aws_default_service_quota,
        "the action is missing",
    ),
]
