"""Deployments into a rehearsal server: what is there afterwards, in how many operations, and what was asked."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from compose2aws.delivery import protection
from compose2aws.delivery.difference import StackDifference, against_account
from compose2aws.delivery.difference.against_account import compare_with_account
from compose2aws.delivery.engine_version import wanted_versions
from compose2aws.delivery.refusal import DeliveryError
from compose2aws.delivery.request import Declined
from compose2aws.delivery.watch import Ended, Watch
from compose2aws.rehearsal import RehearsalServer, missing_resources
from tests.delivery.situation import Shop, use

SHOP = """
services:
  api:
    image: ghcr.io/acme/api:1
    ports: ["8080:8080"]
    depends_on: [db]
    environment:
      DATABASE_URL: postgres://app:secret@db:5432/app
      LOG_LEVEL: info
  db:
    image: postgres:16
    environment: {POSTGRES_USER: app, POSTGRES_PASSWORD: secret, POSTGRES_DB: app}
"""
WITH_CACHE = (
    SHOP
    + """
  cache:
    image: redis:7
"""
).replace("LOG_LEVEL: info", "LOG_LEVEL: info\n      REDIS_URL: redis://cache:6379/0")


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shop]:
    with RehearsalServer() as server:
        use(server, monkeypatch)
        yield Shop(tmp_path, server)


def test_a_first_deployment_makes_both_stacks_and_asks_twice(shop: Shop) -> None:
    outcome = shop.deploy(SHOP)
    assert outcome.changed
    assert shop.progress.steps == ["Creating shop-base", "Creating shop-app"]
    assert shop.conversation.questions == ["Deploy this?", "Create shop-app?"]
    assert missing_resources(shop.server, "shop-base") == missing_resources(shop.server, "shop-app") == []
    assert any(value.startswith("http://") for value in outcome.outputs.values())


def test_nothing_to_change_asks_nothing_and_does_nothing(shop: Shop) -> None:
    shop.deploy(SHOP)
    outcome = shop.deploy(SHOP)
    assert not outcome.changed
    assert (shop.progress.steps, shop.conversation.questions) == ([], [])


def test_a_change_of_the_app_touches_the_app_alone(shop: Shop) -> None:
    shop.deploy(SHOP)
    assert shop.deploy(SHOP.replace("LOG_LEVEL: info", "LOG_LEVEL: debug")).changed
    assert shop.progress.steps == ["Updating shop-app"]
    assert shop.conversation.questions == ["Deploy this?"]


def test_who_does_not_agree_changes_nothing(shop: Shop) -> None:
    shop.conversation.answer = False
    with pytest.raises(Declined):
        shop.deploy(SHOP)
    assert shop.status("shop-base") is None


def test_a_changed_secret_starts_tasks_anew_and_stands_nowhere(shop: Shop) -> None:
    text = SHOP.replace("LOG_LEVEL: info", "JWT_SECRET: ${JWT_SECRET}")
    shop.deploy(text, JWT_SECRET="first-value-of-it")
    assert shop.parameters("shop-app")["SecretsRevision"] == "0"
    before = shop.resources("shop-app")["ApiTaskDefinition"]
    shop.deploy(text, JWT_SECRET="second-value-of-it")
    assert shop.parameters("shop-app")["SecretsRevision"] == "1"
    assert shop.resources("shop-app")["ApiTaskDefinition"] != before
    assert not shop.deploy(text, JWT_SECRET="second-value-of-it").changed
    assert not shop.deploy(text).changed
    told = repr((shop.progress, shop.conversation))
    assert "first-value" not in told
    assert "second-value" not in told


def test_a_required_variable_makes_the_same_template_whether_it_is_given_or_kept(shop: Shop) -> None:
    text = SHOP.replace("LOG_LEVEL: info", "JWT_SECRET: ${JWT_SECRET:?the key that signs tokens}")
    with pytest.raises(DeliveryError, match="the key that signs tokens"):
        shop.deploy(text)
    shop.deploy(text, JWT_SECRET="a-value-of-it")
    assert not shop.deploy(text).changed


def test_values_that_nobody_gives_are_named_all_at_once_before_anything_is_touched(shop: Shop) -> None:
    text = SHOP.replace("LOG_LEVEL: info", "JWT_SECRET: ${JWT_SECRET}\n      API_TOKEN: ${API_TOKEN}")
    with pytest.raises(DeliveryError, match=r"(?s)set API_TOKEN in the environment.*set JWT_SECRET in the environment"):
        shop.deploy(text)
    assert shop.status("shop-base") is None


def test_a_cache_that_is_taken_out_leaves_base_after_the_app(shop: Shop) -> None:
    shop.deploy(WITH_CACHE)
    with pytest.raises(DeliveryError, match=r"would lose data(?s:.)*services\.cache"):
        shop.deploy(SHOP)
    assert "CacheReplicationGroup" in shop.resources("shop-base")
    shop.deploy(SHOP, allow_data_loss=True)
    assert shop.progress.steps[-1] == "Updating shop-base: removing what nothing uses any more"
    assert "CacheReplicationGroup" not in shop.resources("shop-base")
    assert not shop.deploy(SHOP).changed


def test_an_addition_and_a_removal_at_once(shop: Shop) -> None:
    shop.deploy(WITH_CACHE)
    shop.deploy(
        SHOP.replace("LOG_LEVEL: info", "MONGO_URL: mongodb://docs:27017/app")
        + "\n  docs:\n    image: mongo:7"
        + "\n    environment: {MONGO_INITDB_ROOT_USERNAME: a, MONGO_INITDB_ROOT_PASSWORD: b}\n",
        allow_data_loss=True,
    )
    base = shop.resources("shop-base")
    assert "DocsCluster" in base
    assert "CacheReplicationGroup" not in base


def test_a_changed_engine_is_a_new_database_and_the_app_follows(shop: Shop) -> None:
    shop.deploy(SHOP)
    mysql = SHOP.replace("image: postgres:16", "image: mysql:8.0").replace(
        "postgres://app:secret@db:5432", "mysql://app:secret@db:3306"
    )
    mysql = mysql.replace(
        "{POSTGRES_USER: app, POSTGRES_PASSWORD: secret, POSTGRES_DB: app}",
        "{MYSQL_USER: app, MYSQL_PASSWORD: secret, MYSQL_DATABASE: app, MYSQL_ROOT_PASSWORD: rootsecret}",
    )
    with pytest.raises(DeliveryError, match=r"services\.db .* would be replaced by an empty one; a final snapshot"):
        shop.deploy(mysql)
    made, templates = shop.translate(mysql)
    told = compare_with_account(shop.account, templates, wanted_versions(made.managed), lambda _: None)
    assert "DbCluster" in {change.logical_id for one in told for change in one.changes if change.loses_data}
    shop.deploy(mysql, allow_data_loss=True)
    cluster = shop.client("rds").describe_db_clusters()["DBClusters"]
    assert [one["Engine"] for one in cluster] == ["aurora-mysql"]
    assert not shop.deploy(mysql).changed


def test_an_engine_of_another_service_of_aws_takes_the_same_place(shop: Shop) -> None:
    shop.deploy(SHOP)
    mongo = SHOP.replace("image: postgres:16", "image: mongo:7").replace(
        "postgres://app:secret@db:5432/app", "mongodb://a:b@db:27017/app"
    )
    mongo = mongo.replace(
        "{POSTGRES_USER: app, POSTGRES_PASSWORD: secret, POSTGRES_DB: app}",
        "{MONGO_INITDB_ROOT_USERNAME: a, MONGO_INITDB_ROOT_PASSWORD: b}",
    )
    shop.deploy(mongo, allow_data_loss=True)
    assert missing_resources(shop.server, "shop-base") == missing_resources(shop.server, "shop-app") == []
    assert not shop.deploy(mongo).changed


def test_a_service_that_stops_being_managed_and_comes_back(shop: Shop) -> None:
    shop.deploy(SHOP)
    own = SHOP.replace("image: postgres:16", "image: postgres:16\n    x-aws: {managed: false}")
    shop.deploy(own, allow_data_loss=True)
    assert any("freeing names" in step for step in shop.progress.steps)
    assert "DbCluster" not in shop.resources("shop-base")
    assert not shop.deploy(own).changed
    shop.deploy(SHOP, allow_data_loss=True)
    assert "DbCluster" in shop.resources("shop-base")
    assert not shop.deploy(SHOP).changed


def test_a_major_upgrade_takes_a_snapshot_first(shop: Shop) -> None:
    shop.deploy(SHOP)
    shop.deploy(SHOP.replace("postgres:16", "postgres:17"))
    assert shop.progress.steps[0].startswith("Taking a snapshot of DbCluster")
    snapshots = shop.client("rds").describe_db_cluster_snapshots()["DBClusterSnapshots"]
    assert any("-before-" in one["DBClusterSnapshotIdentifier"] for one in snapshots)
    assert shop.parameters("shop-base")["DbEngineVersion"].startswith("17")
    with pytest.raises(DeliveryError, match="no engine goes back"):
        shop.deploy(SHOP)


def test_production_is_protected_last_and_stays_so(shop: Shop) -> None:
    shop.deploy(SHOP, tier="production")
    assert shop.progress.steps[-1] == "Updating shop-base: protecting the databases from deletion"
    assert shop.client("rds").describe_db_clusters()["DBClusters"][0]["DeletionProtection"]
    described = shop.client("cloudformation").describe_stacks()["Stacks"]
    assert all(stack["EnableTerminationProtection"] for stack in described)
    assert not shop.deploy(SHOP, tier="production").changed
    policy = shop.client("cloudformation").get_stack_policy(StackName="shop-base")["StackPolicyBody"]
    assert "LogicalResourceId/DbCluster" in policy


def test_a_protected_database_goes_only_with_the_word_for_it(shop: Shop) -> None:
    shop.deploy(WITH_CACHE, tier="production")
    shop.deploy(
        WITH_CACHE.replace(
            "  db:\n    image: postgres:16", "  db:\n    image: postgres:16\n    x-aws: {managed: false}"
        ),
        tier="production",
        allow_data_loss=True,
    )
    assert shop.client("rds").describe_db_clusters()["DBClusters"] == []
    policy = shop.client("cloudformation").get_stack_policy(StackName="shop-base")["StackPolicyBody"]
    assert "Deny" in policy


def test_the_word_for_one_loss_lets_nothing_else_go(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    policies: list[str] = []
    set_policy = protection.set_policy

    def remember(*arguments: Any) -> bool:
        policies.append(arguments[2])
        return set_policy(*arguments)

    shop.deploy(WITH_CACHE)
    monkeypatch.setattr(protection, "set_policy", remember)
    shop.deploy(SHOP, allow_data_loss=True)
    lifted = [text for text in policies if "LogicalResourceId/CacheReplicationGroup" not in text]
    assert lifted
    assert all("LogicalResourceId/DbCluster" in text for text in policies)


def test_what_only_cloudformation_says_is_lost_goes_with_the_word_for_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.deploy(WITH_CACHE)
    monkeypatch.setattr(against_account, "compare", lambda *_, name, **__: StackDifference(name, None, ()))
    with pytest.raises(DeliveryError, match=r"CloudFormation would replace or remove.*CacheReplicationGroup"):
        shop.deploy(SHOP)
    shop.conversation.answer = False
    with pytest.raises(Declined):
        shop.deploy(SHOP, allow_data_loss=True)
    [question] = shop.conversation.questions
    assert "The data of CacheReplicationGroup would be lost" in question
    assert question in shop.conversation.unforeseen
    assert "CacheReplicationGroup" in shop.resources("shop-base")
    shop.conversation.answer = True
    shop.deploy(SHOP, allow_data_loss=True)
    assert "CacheReplicationGroup" not in shop.resources("shop-base")
    policy = shop.client("cloudformation").get_stack_policy(StackName="shop-base")["StackPolicyBody"]
    assert "LogicalResourceId/DbCluster" in policy


def test_what_aws_may_replace_is_kept_from_it_until_that_is_allowed(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether another master user replaces a cluster, its schema leaves open."""
    shop.deploy(SHOP)
    renamed = SHOP.replace("app:secret", "boss:secret").replace("POSTGRES_USER: app", "POSTGRES_USER: boss")
    policies: list[str] = []
    given = protection.set_policy

    def remember(*arguments: Any) -> bool:
        policies.append(arguments[2])
        return given(*arguments)

    monkeypatch.setattr(protection, "set_policy", remember)
    with contextlib.suppress(DeliveryError):
        shop.deploy(renamed)
    assert any("AWS may replace services.db" in note for note in shop.progress.notes)
    assert all("LogicalResourceId/DbCluster" in text for text in policies)
    policies.clear()
    shop.deploy(renamed.replace("boss", "chief"), allow_data_loss=True)
    assert "LogicalResourceId/DbCluster" not in policies[0]
    assert "LogicalResourceId/DbCluster" in policies[-1]


def test_what_an_update_cannot_clean_up_is_told(shop: Shop) -> None:
    """CloudFormation ends such an update as complete, and forgets the resource."""
    shop.deploy(WITH_CACHE)
    cluster = shop.resources("shop-base")["DbCluster"]
    shop.client("rds").modify_db_cluster(DBClusterIdentifier=cluster, DeletionProtection=True, ApplyImmediately=True)
    shop.deploy(
        WITH_CACHE.replace("image: postgres:16", "image: postgres:16\n    x-aws: {managed: false}"),
        allow_data_loss=True,
    )
    assert any(cluster in note and "stays in the account" in note for note in shop.progress.notes)


def test_a_stack_that_somebody_deletes_meanwhile_is_no_success(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Watch, "until_end", lambda _: Ended("DELETE_COMPLETE", ""))
    with pytest.raises(DeliveryError, match="somebody deleted shop-base"):
        shop.deploy(SHOP)


def test_the_tags_that_somebody_gave_a_stack_stay(shop: Shop) -> None:
    shop.deploy(SHOP)
    client = shop.client("cloudformation")
    described = client.describe_stacks(StackName="shop-app")["Stacks"][0]
    client.update_stack(
        StackName="shop-app",
        UsePreviousTemplate=True,
        Parameters=[{"ParameterKey": one["ParameterKey"], "UsePreviousValue": True} for one in described["Parameters"]],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        Tags=[*described["Tags"], {"Key": "cost-centre", "Value": "42"}],
    )
    shop.deploy(SHOP.replace("LOG_LEVEL: info", "LOG_LEVEL: debug"))
    tags = client.describe_stacks(StackName="shop-app")["Stacks"][0]["Tags"]
    assert {one["Key"]: one["Value"] for one in tags} == {"cost-centre": "42", "compose2aws:project": "shop"}


def test_a_stack_of_somebody_else_is_left_alone(shop: Shop) -> None:
    body = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
    shop.client("cloudformation").create_stack(StackName="shop-app", TemplateBody=body)
    with pytest.raises(
        DeliveryError, match="there is a stack shop-app in this account already, and compose2aws did not"
    ):
        shop.deploy(SHOP)
    assert shop.status("shop-base") is None


def _patch(stack: str, path: str, value: object) -> str:
    operation = {"stack": stack, "op": "replace", "path": path, "value": value}
    return f"\nx-aws: {json.dumps({'patches': [operation]})}\n"


BROKEN_BASE = SHOP + _patch("base", "/Resources/DbCluster/Properties/Engine", "no-such-engine")
_BAD = {"Version": "1999-01-01", "Statement": []}
BROKEN_APP = SHOP + _patch("app", "/Resources/ApiExecutionRole/Properties/Policies/0/PolicyDocument", _BAD)


def test_a_base_that_fails_is_kept_and_the_next_deployment_goes_on_with_it(shop: Shop) -> None:
    with pytest.raises(
        DeliveryError, match=r"(?s)shop-base is CREATE_FAILED.*DbCluster \(services.db\).*What was made is kept"
    ):
        shop.deploy(BROKEN_BASE)
    assert shop.status("shop-base") == "CREATE_FAILED"
    made = {name: id_ for name, id_ in shop.resources("shop-base").items() if name == "VirtualPrivateCloud"}
    shop.deploy(SHOP)
    assert shop.status("shop-base") in ("CREATE_COMPLETE", "UPDATE_COMPLETE")
    assert shop.resources("shop-base").items() >= made.items()
    assert shop.status("shop-app") == "CREATE_COMPLETE"


def test_a_base_that_failed_is_made_anew_where_it_cannot_go_on(shop: Shop) -> None:
    with pytest.raises(DeliveryError):
        shop.deploy(BROKEN_BASE)
    before = shop.resources("shop-base")["VirtualPrivateCloud"]
    other = SHOP + _patch("base", "/Resources/VirtualPrivateCloud/Properties/CidrBlock", "10.9.0.0/16")
    with pytest.raises(DeliveryError):  # its subnets do not fit; the network was made anew all the same
        shop.deploy(other)
    assert shop.resources("shop-base")["VirtualPrivateCloud"] != before
    keys = shop.client("kms")
    states = [keys.describe_key(KeyId=one["KeyId"])["KeyMetadata"]["KeyState"] for one in keys.list_keys()["Keys"]]
    assert states.count("Enabled") == 1  # nothing of the first try stays in the account
    assert len(shop.client("secretsmanager").list_secrets()["SecretList"]) == 1


def test_a_base_that_fails_again_and_again_gets_whole_in_the_end(shop: Shop) -> None:
    with pytest.raises(DeliveryError, match="goes on from there"):
        shop.deploy(BROKEN_BASE)
    with pytest.raises(DeliveryError, match=r"(?s)shop-base is UPDATE_FAILED.*brings the stack to rest first"):
        shop.deploy(BROKEN_BASE.replace("no-such-engine", "no-other-engine"))
    shop.deploy(SHOP)
    assert shop.status("shop-base") == shop.status("shop-app") == "CREATE_COMPLETE"
    assert missing_resources(shop.server, "shop-base") == []


def test_an_app_that_fails_is_rolled_back_the_base_stays_and_the_next_deployment_makes_it_anew(shop: Shop) -> None:
    with pytest.raises(
        DeliveryError, match=r"(?s)shop-app is ROLLBACK_COMPLETE.*ApiExecutionRole.*The base with its data stays"
    ):
        shop.deploy(BROKEN_APP)
    base = shop.resources("shop-base")
    assert shop.status("shop-app") == "ROLLBACK_COMPLETE"
    shop.deploy(SHOP)
    assert shop.status("shop-app") == "CREATE_COMPLETE"
    assert shop.resources("shop-base") == base
    assert any("removed and made anew" in note for note in shop.progress.notes)


def test_an_update_that_fails_leaves_the_stack_as_it_was(shop: Shop) -> None:
    shop.deploy(SHOP)
    before = shop.resources("shop-app")
    with pytest.raises(DeliveryError, match=r"(?s)shop-app is UPDATE_ROLLBACK_COMPLETE.*shop-app is as it was before"):
        shop.deploy(BROKEN_APP.replace("LOG_LEVEL: info", "LOG_LEVEL: debug"))
    assert shop.resources("shop-app") == before
    assert not shop.deploy(SHOP).changed


def test_a_stack_that_was_begun_and_never_made_is_begun_anew(shop: Shop) -> None:
    shop.client("cloudformation").create_change_set(
        StackName="shop-base",
        ChangeSetName="begun",
        ChangeSetType="CREATE",
        TemplateBody='{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}',
        Tags=[{"Key": "compose2aws:project", "Value": "shop"}],
    )
    assert shop.status("shop-base") == "REVIEW_IN_PROGRESS"
    shop.deploy(SHOP)
    assert shop.status("shop-base") == "CREATE_COMPLETE"


def test_a_large_template_goes_through_a_bucket_of_the_account(shop: Shop) -> None:
    services = "".join(f"\n  w{n}:\n    image: ghcr.io/acme/worker:1\n    restart: always\n" for n in range(40))
    shop.deploy(SHOP + services)
    buckets = [one["Name"] for one in shop.client("s3").list_buckets()["Buckets"]]
    assert buckets == ["compose2aws-artefacts-123456789012-us-east-1"]
    blocked = shop.client("s3").get_public_access_block(Bucket=buckets[0])["PublicAccessBlockConfiguration"]
    assert all(blocked.values())
    assert not shop.deploy(SHOP + services).changed


def test_another_domain_takes_another_zone(shop: Shop) -> None:
    route53 = shop.client("route53")
    zones = {
        name: route53.create_hosted_zone(Name=name, CallerReference=name)["HostedZone"]["Id"].rpartition("/")[2]
        for name in ("acme.example", "other.example")
    }
    for name, zone in zones.items():
        shop.deploy(SHOP + f"\nx-aws: {{domain: shop.{name}}}\n")
        assert shop.parameters("shop-app")["HostedZoneId"] == zone
