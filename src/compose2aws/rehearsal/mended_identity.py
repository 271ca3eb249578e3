"""IAM and STS where moto lacks them: who calls, what that may do, and Amazon's own policies.

Those are there when one is asked for: loading all of them takes longer than most stacks.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from moto.core.responses import ActionResult
from moto.iam.aws_managed_policies import aws_managed_policies_data
from moto.iam.models import AWSManagedPolicy, IAMBackend
from moto.iam.responses import IamResponse
from moto.sts.models import STSBackend

_attach = IAMBackend.attach_role_policy
_get = IAMBackend.get_policy
_identify = STSBackend.get_caller_identity
_PREFIX = "arn:aws:iam::aws:policy/"


@lru_cache(maxsize=1)
def _published() -> dict[str, Any]:
    policies: dict[str, Any] = json.loads(aws_managed_policies_data)
    return policies


def _load(backend: Any, arn: str) -> None:
    data = _published().get(arn.rpartition("/")[2])
    if arn.startswith(_PREFIX) and arn not in backend.managed_policies and data is not None:
        policy = AWSManagedPolicy.from_data(arn.rpartition("/")[2], backend.account_id, backend.region_name, data)
        if policy.arn == arn:  # the path is part of the name
            backend.managed_policies[arn] = policy


def attach_role_policy(self: Any, policy_arn: str, role_name: str) -> None:
    """Attach a policy, Amazon's own included."""
    _load(self, policy_arn)
    _attach(self, policy_arn, role_name)


def get_policy(self: Any, policy_arn: str) -> Any:
    """Return a policy, Amazon's own included."""
    _load(self, policy_arn)
    return _get(self, policy_arn)


def get_caller_identity(self: Any, access_key_id: str, region: str) -> tuple[str, str, str]:
    """Return who calls: a user of the account, where the credentials are nobody's."""
    user, arn, account = _identify(self, access_key_id, region)
    return user, arn.replace(":sts::", ":iam::") if arn.endswith(":user/moto") else arn, account


def simulate_principal_policy(self: Any) -> ActionResult:
    """SimulatePrincipalPolicy: the account knows no permissions, so everything is allowed."""
    return ActionResult(
        {
            "EvaluationResults": [
                {"EvalActionName": name, "EvalResourceName": "*", "EvalDecision": "allowed"}
                for name in self._get_param("ActionNames", [])
            ],
            "IsTruncated": False,
        }
    )


CHANGES: list[tuple[Any, str, Any, str]] = [
    (IAMBackend, "attach_role_policy", attach_role_policy, "knows none of Amazon's policies unless it loads all 1,500"),
    (IAMBackend, "get_policy", get_policy, "knows none of Amazon's policies unless it loads all 1,500"),
    (STSBackend, "get_caller_identity", get_caller_identity, "names a user as no ARN of AWS does"),
    (IamResponse, "simulate_principal_policy", simulate_principal_policy, "the action is missing"),
]
