"""What the credentials may do is asked of IAM, for the actions of these very templates."""

from __future__ import annotations

from typing import Any

import pytest

from compose2aws.delivery.checks import checks
from compose2aws.delivery.checks.permission import actions, check_permissions
from compose2aws.planning.ledger import Finding
from tests.delivery.checks.conftest import Shop

WEB = "services: {web: {image: 'nginx:1.27', ports: ['80:80']}}\n"
DATABASE = WEB.replace("}}", "}, db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: pw}}}")


def simulation(**decisions: Any) -> Any:
    """Everything is allowed but what is named: `ecs_CreateService="implicitDeny"`."""

    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        assert len(parameters["ActionNames"]) <= 100
        assert parameters["ContextEntries"][0]["ContextKeyValues"] == ["us-east-1"]
        return {
            "EvaluationResults": [
                {"EvalActionName": name, **(_decision(decisions.get(name.replace(":", "_"), "allowed")))}
                for name in parameters["ActionNames"]
            ]
        }

    return answer


def _decision(decision: Any) -> dict[str, Any]:
    return decision if isinstance(decision, dict) else {"EvalDecision": decision}


def found(shop: Shop, compose: str = WEB, **decisions: Any) -> list[Finding]:
    shop.answers("iam", SimulatePrincipalPolicy=simulation(**decisions))
    return check_permissions(shop.situation(compose))


def test_who_may_do_all_is_told_nothing(shop: Shop) -> None:
    assert found(shop) == []


def test_what_is_not_allowed_is_a_warning_that_names_it(shop: Shop) -> None:
    [finding] = found(shop, ecs_CreateService="implicitDeny", cloudformation_CreateChangeSet="implicitDeny")
    assert (finding.code, finding.severity) == ("missing-action", "warning")
    assert "cloudformation:CreateChangeSet, ecs:CreateService" in finding.message


def test_what_a_policy_denies_is_an_error(shop: Shop) -> None:
    [finding] = found(shop, ecs_CreateService="explicitDeny")
    assert (finding.code, finding.severity) == ("denied-action", "error")
    assert "arn:aws:iam::123456789012:user/deployer" in finding.message


def test_a_denial_that_hangs_on_what_is_unknown_is_a_warning(shop: Shop) -> None:
    decision = {"EvalDecision": "explicitDeny", "MissingContextValues": ["aws:MultiFactorAuthPresent"]}
    [finding] = found(shop, ecs_CreateService=decision)
    assert finding.severity == "warning"


def test_only_the_actions_of_what_is_there_are_asked_for(shop: Shop) -> None:
    assert "rds:CreateDBCluster" not in actions(shop.situation(WEB))
    assert "rds:CreateDBCluster" in actions(shop.situation(DATABASE))
    deployed = actions(shop.situation(DATABASE, deployed=True))
    assert "rds:CreateDBCluster" not in deployed
    assert "rds:ModifyDBCluster" in deployed


def test_images_need_their_own(shop: Shop) -> None:
    (shop.folder / "Dockerfile").write_text("FROM scratch\n")
    assert "ecr:PutImage" in actions(shop.situation("services: {web: {build: .}}\n"))
    assert "ecr:PutImage" not in actions(shop.situation(WEB))


def test_a_session_is_simulated_as_its_role_with_the_roles_path(shop: Shop) -> None:
    role = "arn:aws:iam::123456789012:role/teams/shop/deployer"
    shop.identity("arn:aws:sts::123456789012:assumed-role/deployer/me@example.com")
    described = {"Path": "/teams/shop/", "RoleName": "deployer", "RoleId": "AROA1234567890123456", "Arn": role}
    iam = shop.answers(
        "iam", GetRole={"Role": {**described, "CreateDate": "2026-01-01"}}, SimulatePrincipalPolicy=simulation()
    )
    assert check_permissions(shop.situation(WEB)) == []
    assert {call["PolicySourceArn"] for name, call in iam.calls if name == "SimulatePrincipalPolicy"} == {role}


def test_a_session_whose_role_may_not_be_read_is_simulated_without_its_path(shop: Shop) -> None:
    shop.identity("arn:aws:sts::123456789012:assumed-role/deployer/me")
    iam = shop.answers("iam", GetRole="AccessDenied", SimulatePrincipalPolicy=simulation())
    assert check_permissions(shop.situation(WEB)) == []
    assert iam.calls[-1][1]["PolicySourceArn"] == "arn:aws:iam::123456789012:role/deployer"


def test_the_root_user_may_do_all(shop: Shop) -> None:
    shop.identity("arn:aws:iam::123456789012:root")
    shop.answers("iam")
    assert check_permissions(shop.situation(WEB)) == []


@pytest.mark.parametrize("code", ["AccessDenied", "ServiceFailure"])
def test_who_may_not_simulate_is_warned(shop: Shop, code: str) -> None:
    shop.answers("iam", SimulatePrincipalPolicy=code)
    [finding] = checks(shop.situation(WEB), {"the rights of the credentials": check_permissions})
    assert (finding.code, finding.severity) == ("unchecked", "warning")
    assert finding.message.startswith("the rights of the credentials could not be checked: ")


def test_a_federated_user_is_warned(shop: Shop) -> None:
    shop.identity("arn:aws:sts::123456789012:federated-user/me")
    [finding] = check_permissions(shop.situation(WEB))
    assert (finding.code, finding.severity) == ("unchecked", "warning")
