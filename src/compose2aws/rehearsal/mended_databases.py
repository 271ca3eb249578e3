"""RDS where moto lacks it: DocumentDB, references that must exist, option groups of newer engines, what is offered."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.models import DBCluster, RDSBackend
from moto.rds.responses import RDSResponse

from compose2aws.catalog.catalog import read_table
from compose2aws.rehearsal.refusals import Refusal

_modify_subnet_group = RDSBackend.modify_db_subnet_group
_make_option_group = RDSBackend.create_option_group
_make_cluster = RDSBackend.create_db_cluster
_make_instance = RDSBackend.create_db_instance

# A version of each engine that moto's list ends with.
_KNOWN_VERSION = {"mariadb": "10.6", "mysql": "8.0", "postgres": "13"}
# moto knows Neptune, which shares DocumentDB's ways: one cluster volume, members without data of their own.
_STAND_IN = "neptune"
DOCUMENT_PORT = 27017


class DocumentCluster(DBCluster):
    """A cluster whose endpoints are DocumentDB's."""

    @property
    def endpoint(self) -> str:
        """Where one writes."""
        return f"{self.db_cluster_identifier}.cluster-{self.url_identifier}.{self.region}.docdb.amazonaws.com"

    @property
    def reader_endpoint(self) -> str:
        """Where one reads."""
        return f"{self.db_cluster_identifier}.cluster-ro-{self.url_identifier}.{self.region}.docdb.amazonaws.com"


def create_db_cluster(self: Any, kwargs: dict[str, Any]) -> Any:
    """Make a cluster whose groups exist; for DocumentDB too."""
    if kwargs["db_cluster_identifier"] in self.clusters:
        raise Refusal("DB Cluster already exists", "DBClusterAlreadyExistsFault")
    subnets = kwargs.get("db_subnet_group_name")
    if subnets and subnets not in self.subnet_groups:
        raise Refusal(f"DB subnet group '{subnets}' does not exist.", "DBSubnetGroupNotFoundFault")
    parameters = kwargs.get("db_cluster_parameter_group_name")
    if parameters and not parameters.startswith("default.") and parameters not in self.db_cluster_parameter_groups:
        raise Refusal(f"DBClusterParameterGroup not found: {parameters}", "DBClusterParameterGroupNotFound")
    if kwargs.get("engine") != "docdb":
        return _make_cluster(self, kwargs)
    password = kwargs.get("master_user_password") or ""
    if len(password) < 8:
        raise Refusal("The parameter MasterUserPassword must be at least 8 characters long.", "InvalidParameterValue")
    adapted = {**kwargs, "engine": _STAND_IN, "engine_version": kwargs.get("engine_version") or "5.0.0"}
    adapted["port"] = kwargs.get("port") or DOCUMENT_PORT
    cluster = _make_cluster(self, adapted)
    cluster.__class__ = DocumentCluster
    cluster.engine = "docdb"
    cluster.master_user_password = password
    return cluster


def create_db_instance(self: Any, db_kwargs: dict[str, Any]) -> Any:
    """Make an instance, as a member of a DocumentDB cluster too."""
    if db_kwargs.get("engine") != "docdb":
        return _make_instance(self, db_kwargs)
    cluster = self.clusters.get(db_kwargs.get("db_cluster_identifier"))
    if cluster is None:
        raise Refusal(f"DBCluster {db_kwargs.get('db_cluster_identifier')} not found.", "DBClusterNotFoundFault")
    cluster.engine = _STAND_IN
    try:
        instance = _make_instance(self, {**db_kwargs, "engine": _STAND_IN})
        instance.engine = "docdb"
    finally:
        cluster.engine = "docdb"
    return instance


def modify_db_subnet_group(self: Any, subnet_name: str, description: str, subnets: list[Any]) -> Any:
    """Change a subnet group and keep it."""
    if subnet_name not in self.subnet_groups:
        raise Refusal(f"DB subnet group '{subnet_name}' does not exist.", "DBSubnetGroupNotFoundFault")
    group = _modify_subnet_group(self, subnet_name, description, subnets)
    self.subnet_groups[subnet_name] = group
    return group


def create_option_group(self: Any, option_group_kwargs: dict[str, Any]) -> Any:
    """Make an option group also for versions newer than moto's list of 2022."""
    version = option_group_kwargs.get("major_engine_version")
    known = _KNOWN_VERSION.get(option_group_kwargs.get("engine_name", ""))
    group = _make_option_group(self, {**option_group_kwargs, "major_engine_version": known or version})
    group.major_engine_version = version
    return group


def _offered(response: Any) -> list[dict[str, Any]]:
    engine = response.params.get("Engine")
    version = response.params.get("EngineVersion")
    versions = read_table("versions")["engines"].get(engine, [])
    return [{"Engine": engine, "EngineVersion": one} for one in versions if version in (None, one)]


def describe_db_engine_versions(self: Any) -> ActionResult:
    """DescribeDBEngineVersions, of one engine."""
    return ActionResult({"DBEngineVersions": _offered(self)})


def describe_orderable_db_instance_options(self: Any) -> ActionResult:
    """DescribeOrderableDBInstanceOptions: every class is offered for every engine that there is."""
    wanted = self.params.get("DBInstanceClass")
    options = [{**one, "DBInstanceClass": wanted or "db.t4g.medium"} for one in _offered(self)]
    return ActionResult({"OrderableDBInstanceOptions": options})


CHANGES: list[tuple[Any, str, Any, str]] = [
    (RDSBackend, "create_db_cluster", create_db_cluster, "takes groups that do not exist; has no DocumentDB"),
    (RDSBackend, "create_db_instance", create_db_instance, "has no DocumentDB"),
    (RDSBackend, "modify_db_subnet_group", modify_db_subnet_group, "loses the group"),
    (RDSBackend, "create_option_group", create_option_group, "knows no engine version newer than 2022"),
    (RDSResponse, "describe_db_engine_versions", describe_db_engine_versions, "the action is missing"),
    (
        RDSResponse,
        "describe_orderable_db_instance_options",
        describe_orderable_db_instance_options,
        "offers nothing for most engines",
    ),
]
