"""Databases: Aurora clusters, RDS for MariaDB, DocumentDB clusters."""

from __future__ import annotations

from compose2aws.planning.identity import variable_id
from compose2aws.planning.ledger import Ledger
from compose2aws.planning.managed.draft import Access, Draft, Family
from compose2aws.planning.model import AuroraCluster, DatabaseInstance, DocumentCluster

# Storage only grows (Amazon RDS User Guide, "Increasing DB instance storage capacity"), so no project could leave one
# tier that has more of it: both begin with as much, and RDS adds what is needed.
_STORAGE = 50
_MAXIMUM_STORAGE = 1000


def _aurora(draft: Draft) -> AuroraCluster:
    production = draft.production
    postgres = draft.mapping.becomes == "aurora-postgresql"
    return AuroraCluster(
        service=draft.service.name,
        engine="aurora-postgresql" if postgres else "aurora-mysql",
        version=draft.version,
        family=draft.family,
        parameters=draft.parameters,
        port=draft.port,
        database=draft.credentials.aws_database,
        user=draft.user,
        minimum_capacity=0.5 if production else 0,
        maximum_capacity=16 if production else 2,
        auto_pause=None if production else 300,
        reader=production,
        backup_retention=14 if production else 1,
        insights_retention=465 if production else None,
        security_group=draft.security_group,
        database_parameter=_database_parameter(draft),
        snapshot=draft.snapshot,
        source=draft.service.path,
        was=draft.service.settings.was,
    )


def _database_parameter(draft: Draft) -> str | None:
    variable = draft.credentials.database_variable
    return None if variable is None else variable_id(variable)


def _tell_of_database(draft: Draft, ledger: Ledger) -> None:
    variable = draft.credentials.database_variable
    if variable is not None:
        ledger.find(
            "database-name-open",
            "note",
            f"{variable}, which names the database of {draft.service.name}, has no value here: the parameter "
            f"{variable_id(variable)} names it on AWS, for its clients too, and none is made where it stays empty. A "
            "change of it later makes a new, empty database",
            f"set {variable}, or give the parameter its value at the first deployment",
            draft.service.path,
        )


def _mariadb(draft: Draft) -> DatabaseInstance:
    production = draft.production
    return DatabaseInstance(
        service=draft.service.name,
        engine="mariadb",
        version=draft.version,
        family=draft.family,
        parameters=draft.parameters,
        port=draft.port,
        database=draft.credentials.aws_database,
        user=draft.user,
        instance_class="db.m7g.large" if production else "db.t4g.micro",
        storage=_STORAGE,
        maximum_storage=_MAXIMUM_STORAGE,
        multi_az=production,
        backup_retention=14 if production else 1,
        insights_retention=465 if production else None,
        security_group=draft.security_group,
        database_parameter=_database_parameter(draft),
        snapshot=draft.snapshot,
        source=draft.service.path,
        was=draft.service.settings.was,
    )


def _document(draft: Draft) -> DocumentCluster:
    production = draft.production
    return DocumentCluster(
        service=draft.service.name,
        version=draft.version,
        family=draft.family,
        parameters=draft.parameters,
        port=draft.port,
        user=draft.user,
        instance_class="db.r6g.large" if production else "db.t4g.medium",
        instances=2 if production else 1,
        backup_retention=14 if production else 1,
        security_group=draft.security_group,
        snapshot=draft.snapshot,
        source=draft.service.path,
        was=draft.service.settings.was,
    )


def _document_access(draft: Draft) -> Access:
    """Amazon DocumentDB Developer Guide, "Connecting programmatically": no retryable writes; users live in `admin`."""
    del draft
    return Access(query=(("replicaSet", "rs0"), ("retryWrites", "false"), ("authSource", "admin")))


AURORA = Family(_aurora, tell=_tell_of_database)
MARIADB = Family(_mariadb, tell=_tell_of_database)
DOCUMENT = Family(_document, _document_access)
