"""What the credentials may do is asked of IAM, for the actions of these very templates."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compose2aws.catalog.catalog import read_table
from compose2aws.delivery.checks import checks
from compose2aws.delivery.checks.action import Need, needs
from compose2aws.delivery.checks.permission import check_permissions
from compose2aws.planning.ledger import Finding
from compose2aws.rehearsal.schema import schema_of
from tests.delivery.checks.conftest import Shop

WEB = "services: {web: {image: 'nginx:1.27', ports: ['80:80']}}\n"
DATABASE = WEB.replace("}}", "}, db: {image: 'postgres:16', environment: {POSTGRES_PASSWORD: pw}}}")


def simulation(elsewhere: tuple[str, ...] = (), **decisions: Any) -> Any:
    """Everything is allowed but what is named: `ecs_CreateService="implicitDeny"`. What is denied `elsewhere` is so for
    all but the resources whose ARNs have one of these texts."""

    def answer(parameters: dict[str, Any]) -> dict[str, Any]:
        assert len(parameters["ActionNames"]) <= 100
        resources = parameters.get("ResourceArns", [])
        if resources and all(any(text in arn for text in elsewhere) for arn in resources):
            return {"EvaluationResults": [{"EvalActionName": parameters["ActionNames"][0], **_decision("allowed")}]}
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


def test_what_a_policy_denies_and_a_deployment_surely_does_is_an_error_that_names_the_resource(shop: Shop) -> None:
    [finding] = found(shop, ecs_CreateService="explicitDeny")
    assert (finding.code, finding.severity) == ("denied-action", "error")
    assert "arn:aws:iam::123456789012:user/deployer" in finding.message
    assert "ecs:CreateService for WebService (AWS::ECS::Service)" in finding.message


GUARDRAILS = {
    "kms_DisableKey": "explicitDeny",
    "kms_ScheduleKeyDeletion": "explicitDeny",
    "iam_DeleteRolePermissionsBoundary": "explicitDeny",
    "s3_PutBucketWebsite": "explicitDeny",
    "cloudformation_DeleteStack": "explicitDeny",
    "ecs_UpdateService": "explicitDeny",
    "rds_RestoreDBClusterFromSnapshot": "explicitDeny",
}


def test_what_an_account_denies_and_no_template_of_ours_needs_stops_nothing(shop: Shop) -> None:
    """Guardrails deny what handlers name for properties that are not given."""
    production = f"x-aws: {{tier: production}}\n{DATABASE}"
    [finding] = found(shop, production, **GUARDRAILS)
    assert (finding.code, finding.severity) == ("denied-action", "warning")
    assert "rds:RestoreDBClusterFromSnapshot for DbCluster (AWS::RDS::DBCluster)" in finding.message


def test_what_a_property_needs_is_needed_surely_only_where_it_is_given(shop: Shop) -> None:
    job = "services: {web: {image: 'nginx:1.27', labels: {a: b}}}\n"
    website = "x-aws: {patches: [{stack: base, op: add, path: /Resources/%s, value: %s}]}\n"
    bucket = '{"Type": "AWS::S3::Bucket", "Properties": {%s}}'
    given = website % ("Pages", bucket % '"WebsiteConfiguration": {"IndexDocument": "a.html"}')
    assert needs(shop.situation(job + given))["s3:PutBucketWebsite"].sure
    assert not needs(shop.situation(job + website % ("Pages", bucket % "")))["s3:PutBucketWebsite"].sure


def test_a_database_that_is_restored_is_not_created(shop: Shop) -> None:
    path = "/Resources/DbCluster/Properties/SnapshotIdentifier"
    restored = f"x-aws: {{patches: [{{stack: base, op: add, path: {path}, value: s}}]}}\n"
    assert needs(shop.situation(DATABASE))["rds:CreateDBCluster"].sure
    assert not needs(shop.situation(DATABASE + restored))["rds:CreateDBCluster"].sure


def test_a_denial_for_all_but_the_projects_own_resources_stops_nothing(shop: Shop) -> None:
    """`NotResource`: the simulation for all resources says no, that for the project's names says yes."""
    denied = {"iam_CreateRole": "explicitDeny", "cloudformation_CreateChangeSet": "explicitDeny"}
    shop.answers("iam", SimulatePrincipalPolicy=simulation(("/shop-", ":stack/shop-"), **denied))
    [finding] = check_permissions(shop.situation(WEB))
    assert finding.severity == "warning"
    shop.answers("iam", SimulatePrincipalPolicy=simulation(("/others-",), **denied))
    [finding] = check_permissions(shop.situation(WEB))
    assert finding.severity == "error"


def test_a_denial_that_hangs_on_what_is_unknown_is_a_warning(shop: Shop) -> None:
    decision = {"EvalDecision": "explicitDeny", "MissingContextValues": ["aws:MultiFactorAuthPresent"]}
    [finding] = found(shop, ecs_CreateService=decision)
    assert finding.severity == "warning"


def test_only_the_actions_of_what_is_there_are_asked_for(shop: Shop) -> None:
    assert "rds:CreateDBCluster" not in needs(shop.situation(WEB))
    assert "rds:CreateDBCluster" in needs(shop.situation(DATABASE))


def test_an_update_needs_what_changes_and_no_more(shop: Shop) -> None:
    same = needs(shop.situation(DATABASE, deployed=True))
    assert "cloudformation:ExecuteChangeSet" in same
    assert not [one for one in same.values() if one.resource]
    changed = needs(shop.situation(DATABASE.replace("80:80", "8080:80"), deployed=DATABASE))
    assert changed["elasticloadbalancing:CreateListener"].sure
    assert not [action for action in changed if action.startswith(("rds:", "kms:", "logs:"))]
    added = needs(shop.situation(DATABASE, deployed=WEB))
    assert added["rds:CreateDBCluster"].sure
    assert "ecs:CreateCluster" not in added


def test_a_change_in_place_needs_what_every_change_calls(shop: Shop) -> None:
    more = DATABASE.replace("'nginx:1.27'", "'nginx:1.27', deploy: {replicas: 3}")
    changed = needs(shop.situation(more, deployed=DATABASE))
    assert changed["ecs:UpdateService"].sure
    assert "ecs:CreateService" not in changed
    tagged = "x-aws: {patches: [{stack: app, op: add, path: /Resources/WebService/Properties/Tags, value: [%s]}]}\n"
    tags = needs(
        shop.situation(DATABASE + tagged % "{Key: a, Value: c}", deployed=DATABASE + tagged % "{Key: a, Value: b}")
    )
    assert not tags["ecs:UpdateService"].sure


def test_a_stack_that_was_never_whole_may_need_all_and_nothing_of_it_surely(shop: Shop) -> None:
    half = needs(shop.situation(DATABASE, deployed=True, status="CREATE_FAILED"))
    assert half["rds:CreateDBCluster"].sure is False


def test_what_the_command_calls_itself_is_asked_for(shop: Shop) -> None:
    first = needs(shop.situation(WEB))
    assert first["cloudformation:CreateChangeSet"] == Need("cloudformation:CreateChangeSet", sure=True)
    assert first["cloudformation:TagResource"].sure
    for action in ("cloudformation:RollbackStack", "cloudformation:ContinueUpdateRollback", "ecs:UpdateService"):
        assert not first[action].sure
    assert "cloudformation:DescribeStackResource" in first
    later = needs(shop.situation(WEB, deployed=True))
    assert not later["cloudformation:TagResource"].sure
    assert "servicequotas:GetServiceQuota" not in first  # that check says itself what it may not ask


def test_images_need_their_own(shop: Shop) -> None:
    (shop.folder / "Dockerfile").write_text("FROM scratch\n")
    built = "services: {web: {build: .}}\n"
    assert needs(shop.situation(built))["ecr:PutImage"].sure
    assert "ecr:PutImage" not in needs(shop.situation(WEB))
    again = needs(shop.situation(built, deployed=True))
    assert not again["ecr:PutImage"].sure
    assert not again["ecs:RegisterTaskDefinition"].sure  # where its image is built anew


def test_long_templates_need_their_bucket(shop: Shop) -> None:
    assert "s3:PutObject" not in needs(shop.situation(WEB))
    variables = {f"VARIABLE_{number}": "x" * 250 for number in range(200)}
    long = needs(shop.situation(f"services: {{web: {{image: 'nginx:1.27', environment: {json.dumps(variables)}}}}}\n"))
    assert long["s3:PutObject"].sure
    assert not long["s3:CreateBucket"].sure


def test_an_upgrade_needs_its_snapshot(shop: Shop) -> None:
    newer = DATABASE.replace("postgres:16", "postgres:17")
    upgraded = needs(shop.situation(newer, deployed=DATABASE))
    assert upgraded["rds:CreateDBClusterSnapshot"].sure
    assert "elasticache:CreateSnapshot" not in upgraded
    assert "rds:CreateDBClusterSnapshot" not in needs(shop.situation(DATABASE, deployed=True))
    assert "rds:CreateDBClusterSnapshot" not in needs(shop.situation(newer))


def test_where_nobody_knows_whether_an_engine_is_upgraded_its_snapshot_may_be_needed(shop: Shop) -> None:
    shop.answers("cloudformation", ListStackResources="AccessDenied")
    unknown = needs(shop.situation(DATABASE, deployed=True))
    assert not unknown["rds:CreateDBClusterSnapshot"].sure


def test_what_no_creation_goes_without_is_known_of_every_type() -> None:
    types, table = read_table("resource-actions")["types"], read_table("delivery-permissions")
    assert types["AWS::KMS::Key"]["makes"] == ["kms:CreateKey"]
    assert types["AWS::RDS::DBCluster"]["alters"] == ["rds:ModifyDBCluster"]
    without = {kind for kind, row in types.items() if not row.get("makes")}
    # These hang on their properties, or are the project's own function.
    assert without == {"AWS::EC2::VPCGatewayAttachment", "AWS::IAM::Policy", "AWS::CloudFormation::CustomResource"}
    for row in types.values():
        assert len(row.get("makes", [])) <= 1
    for kind, properties in table["properties"].items():
        for name, actions in properties.items():
            assert name in _properties(kind), (kind, name)
            assert set(actions) <= set(types[kind]["create"]), (kind, name)
    for action, names in table["unless"].items():
        [kind] = [kind for kind, row in types.items() if kind.startswith("AWS::RDS") and action in row.get("makes", [])]
        assert set(names) <= _properties(kind)


def _properties(kind: str) -> frozenset[str]:
    schema = schema_of(kind)
    assert schema is not None, kind
    return schema.properties


def test_how_surely_something_is_called_is_said_of_what_is_called() -> None:
    table = read_table("delivery-permissions")
    listed = {
        a
        for part in ("difference", "known-images", "deployment", "images")
        for row in table["commands"][part]
        for a in row["actions"]
    }
    for name, actions in table["calls"].items():
        for group in actions.values() if isinstance(actions, dict) else [actions]:
            assert set(group) <= listed, name


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
