"""What holds of every project, whatever it is made of."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compose2aws.cloudformation import LimitError, emit, render
from compose2aws.planning.ledger import Ledger, people_path
from compose2aws.planning.model import Plan
from compose2aws.report.explain_json import explanation
from tests.planning.strategies import Compose, plan_of, prepare, project_of, projects, reordered, without

STATEFUL = frozenset(
    (
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::DocDB::DBCluster",
        "AWS::DocDB::DBInstance",
        "AWS::ElastiCache::ReplicationGroup",
        "AWS::EFS::FileSystem",
        "AWS::EFS::AccessPoint",
        "AWS::KMS::Key",
        "AWS::ECR::Repository",
        "AWS::SecretsManager::Secret",
    )
)

# Properties that a change of replaces the resource, or that AWS refuses to change (the resource types' schemas,
# createOnlyProperties, and conditionalCreateOnlyProperties).
CREATE_ONLY: dict[str, tuple[str, ...]] = {
    "AWS::RDS::DBCluster": (
        "AvailabilityZones",
        "DBClusterIdentifier",
        "DBSubnetGroupName",
        "DatabaseName",
        "Engine",
        "EngineMode",
        "KmsKeyId",
        "MasterUsername",
        "SnapshotIdentifier",
        "StorageEncrypted",
    ),
    "AWS::RDS::DBInstance": (
        "DBClusterIdentifier",
        "DBInstanceIdentifier",
        "DBName",
        "DBSubnetGroupName",
        "Engine",
        "KmsKeyId",
        "MasterUsername",
        "StorageEncrypted",
    ),
    "AWS::DocDB::DBCluster": (
        "DBClusterIdentifier",
        "DBSubnetGroupName",
        "KmsKeyId",
        "MasterUsername",
        "SnapshotIdentifier",
        "StorageEncrypted",
    ),
    "AWS::DocDB::DBInstance": ("DBClusterIdentifier", "DBInstanceIdentifier"),
    "AWS::ElastiCache::ReplicationGroup": (
        "AtRestEncryptionEnabled",
        "AuthToken",
        "CacheSubnetGroupName",
        "Engine",
        "KmsKeyId",
        "Port",
        "ReplicationGroupId",
        "SnapshotName",
        "TransitEncryptionEnabled",
        "TransitEncryptionMode",
    ),
    "AWS::EFS::FileSystem": ("AvailabilityZoneName", "Encrypted", "KmsKeyId", "PerformanceMode"),
    "AWS::EFS::AccessPoint": ("ClientToken", "FileSystemId", "PosixUser", "RootDirectory"),
    "AWS::KMS::Key": ("KeySpec", "KeyUsage", "MultiRegion", "Origin"),
    "AWS::ECR::Repository": ("EncryptionConfiguration", "RepositoryName"),
    "AWS::SecretsManager::Secret": ("GenerateSecretString", "KmsKeyId", "Name"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("project")
    prepare(made)
    return made


def is_refused(made: Plan) -> bool:
    """`synth` writes nothing of such a plan."""
    return any(decision.outcome == "refused" for decision in made.decisions)


def resources(made: Plan) -> dict[str, dict[str, Any]]:
    """All resources of all templates by logical id."""
    return {id_: body for stack in emit(made).stacks for id_, body in stack.template["Resources"].items()}


def stateful(made: Plan) -> dict[str, dict[str, Any]]:
    """What holds data or guards it, without what is only told to people."""
    return {
        id_: {
            **{key: value for key, value in body.items() if key != "Metadata"},
            "Properties": {key: value for key, value in body["Properties"].items() if key != "Description"},
        }
        for id_, body in resources(made).items()
        if body["Type"] in STATEFUL
    }


def is_built(body: dict[str, Any]) -> bool:
    """Whether a resource is a secret that is put together of others: it is made anew whenever it is wanted."""
    return body["Type"] == "AWS::SecretsManager::Secret" and "GenerateSecretString" not in body["Properties"]


def written(made: Plan) -> Iterator[str]:
    """Everything that is written or printed of a plan."""
    if not is_refused(made):
        for format_ in ("yaml", "json"):
            for content in render(emit(made), format_).values():
                yield content.decode()
    yield json.dumps(explanation(made.project, made.decisions, made.findings))
    yield repr(made)


@given(projects())
def test_the_same_input_gives_the_same_plan_and_the_same_bytes(folder: Path, compose: Compose) -> None:
    one, other = plan_of(folder, compose), plan_of(folder, compose)
    assert one == other
    assert list(written(one)) == list(written(other))


@given(projects())
def test_no_secret_is_in_anything_that_is_written_or_printed(folder: Path, compose: Compose) -> None:
    for text in written(plan_of(folder, compose)):
        at = text.find("sesame")
        assert at < 0, text[max(0, at - 300) : at + 60]


@given(projects())
def test_what_the_ledger_says_a_thing_became_is_in_a_template(folder: Path, compose: Compose) -> None:
    made = plan_of(folder, compose)
    if is_refused(made):
        return
    emitted = {(body["Type"], id_) for id_, body in resources(made).items()}
    for decision in made.decisions:
        for id_ in decision.becomes:
            assert (id_.type, id_.logical_id) in emitted, f"{people_path(decision.path)}: {id_}"


@given(projects())
def test_every_part_of_the_file_is_decided(folder: Path, compose: Compose) -> None:
    made = plan_of(folder, compose)
    ledger = Ledger(project_of(folder, compose).root)
    for decision in made.decisions:
        ledger.record(decision.path, decision.outcome)
    assert [people_path(path) for path in ledger.uncovered() if path != ("name",)] == []
    assert [people_path(d.path) for d in made.decisions if d.code == "not-translated"] == []


@given(projects(), st.data())
def test_a_service_that_goes_leaves_what_is_stateful_of_the_others_alone(
    folder: Path, compose: Compose, data: st.DataObject
) -> None:
    gone = data.draw(st.sampled_from(sorted(compose["services"])))
    before, after = plan_of(folder, compose), plan_of(folder, without(compose, gone))
    if is_refused(before) or is_refused(after):
        return
    had = stateful(before)
    for id_, body in stateful(after).items():
        # a connection that named the service that went is another text, and so another secret
        if is_built(body):
            continue
        assert had.get(id_) == body, id_


@given(projects(), st.randoms())
def test_the_order_of_services_means_nothing(folder: Path, compose: Compose, random: Any) -> None:
    order = list(compose["services"])
    random.shuffle(order)
    one, other = plan_of(folder, compose), plan_of(folder, reordered(compose, order))
    assert is_refused(one) == is_refused(other)
    if is_refused(one):
        return
    assert stateful(one) == stateful(other)
    assert {(id_, body["Type"]) for id_, body in resources(one).items()} == {
        (id_, body["Type"]) for id_, body in resources(other).items()
    }


@given(projects())
def test_a_project_moves_from_one_tier_to_the_other_in_place(folder: Path, compose: Compose) -> None:
    development, production = (plan_of(folder, compose, tier) for tier in ("development", "production"))
    if is_refused(development) or is_refused(production):
        return
    small, large = stateful(development), stateful(production)
    for id_, body in small.items():
        assert id_ in large, id_
        assert body["Type"] == large[id_]["Type"]
        for name in CREATE_ONLY[body["Type"]]:
            assert body["Properties"].get(name) == large[id_]["Properties"].get(name), f"{id_}.{name}"


@given(projects())
def test_what_holds_data_outlives_its_stack(folder: Path, compose: Compose) -> None:
    made = plan_of(folder, compose)
    if is_refused(made):
        return
    for id_, body in resources(made).items():
        # an access point is a name for a folder, which stays
        if body["Type"] in STATEFUL and body["Type"] != "AWS::EFS::AccessPoint" and not is_built(body):
            assert "DeletionPolicy" in body, id_
            assert "UpdateReplacePolicy" in body, id_


def test_the_templates_do_not_hang_on_the_order_of_sets(tmp_path: Path) -> None:
    prepare(tmp_path)
    (tmp_path / "compose.yaml").write_text(
        """
        services:
          api:
            build: ./src
            ports: ["80:80", "2222:22"]
            volumes: ["data:/data", "./conf:/conf:ro"]
            networks: [front, back]
            environment: {DATABASE_URL: "postgres://a:sesame@db/a", WEB: "http://web:1", CACHE: "redis://cache"}
          web: {image: nginx, networks: [front], links: ["api:x", "api:y"], hostname: z}
          db: {image: postgres, networks: [back], environment: {POSTGRES_USER: a, POSTGRES_PASSWORD: sesame}}
          cache: {image: redis, networks: [back, front]}
        networks: {front: , back: }
        volumes: {data: }
        """
    )
    files = []
    for seed in ("1", "2", "3"):
        out = tmp_path / f"out{seed}"
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
        subprocess.run(
            [sys.executable, "-m", "compose2aws", "-p", "test", "synth", "-o", str(out)],
            check=True,
            cwd=tmp_path,
            env={**kept, "PYTHONHASHSEED": seed},
            capture_output=True,
        )
        files.append({file.name: file.read_bytes() for file in sorted(out.iterdir())})
    assert files[0] == files[1] == files[2]
    assert len(files[0]) >= 3


@pytest.mark.soak
@given(st.lists(projects(), min_size=1, max_size=12))
def test_a_large_project_keeps_the_limits_or_says_so(folder: Path, parts: list[Compose]) -> None:
    services: Compose = {}
    for number, part in enumerate(parts):
        services |= {f"{name}-{number}": {**body, "ports": []} for name, body in part["services"].items()}
    for body in services.values():
        body.pop("depends_on", None)
        body.pop("hostname", None)
    made = plan_of(folder, {**parts[0], "services": services})
    if is_refused(made):
        return
    try:
        stacks = emit(made).stacks
    except LimitError:
        return
    for stack in stacks:
        assert len(stack.template["Resources"]) <= 500
