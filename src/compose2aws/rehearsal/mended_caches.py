"""ElastiCache where moto lacks it: parameter groups, members of replication groups, endpoints, changes, versions.

AWS shows a replication group's subnet, security and parameter groups on its member clusters; so do we.
"""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.elasticache.models import ElastiCacheBackend
from moto.elasticache.responses import ElastiCacheResponse

from compose2aws.catalog.catalog import read_table
from compose2aws.rehearsal.refusals import Refusal

_make_group = ElastiCacheBackend.create_replication_group
_remove_group = ElastiCacheBackend.delete_replication_group
_make_cluster = ElastiCacheBackend.create_cache_cluster

MEMCACHED_PORT = 11211


def _endpoint(name: str, backend: Any, port: int) -> dict[str, Any]:
    return {"address": f"{name}.abc123.cfg.{backend.region_name}.cache.amazonaws.com", "port": port}


def _complete_cluster(cluster: Any, backend: Any) -> None:
    """Give a cluster what DescribeCacheClusters shows on AWS and moto leaves out."""
    groups = cluster.security_group_ids
    cluster.security_groups = [{"SecurityGroupId": group, "Status": "active"} for group in groups]
    if cluster.cache_parameter_group_name:
        cluster.cache_parameter_group = {
            "CacheParameterGroupName": cluster.cache_parameter_group_name,
            "ParameterApplyStatus": "in-sync",
        }
    nodes = range(1, getattr(cluster, "num_cache_nodes", 1) + 1)
    cluster.cache_nodes = [
        {
            "CacheNodeId": f"{number:04}",
            "CacheNodeStatus": "available",
            "Endpoint": _endpoint(f"{cluster.cache_cluster_id}.{number:04}", backend, cluster.port),
        }
        for number in nodes
    ]
    if cluster.engine == "memcached":
        cluster.configuration_endpoint = _endpoint(f"{cluster.cache_cluster_id}.cfg", backend, cluster.port)


def create_cache_cluster(self: Any, **given: Any) -> Any:
    """Make a cluster with its port and endpoints."""
    if given.get("engine") == "memcached":
        given["port"] = given.get("port") or MEMCACHED_PORT
    _check_groups(self, given)
    cluster = _make_cluster(self, **given)
    _complete_cluster(cluster, self)
    return cluster


def create_replication_group(self: Any, **given: Any) -> Any:
    """Make a replication group with as many members as wanted, and its members as clusters."""
    _check_groups(self, given)
    _check_password(given)
    wanted = given.get("num_cache_clusters") or 1
    if not given.get("num_node_groups") and not given.get("replicas_per_node_group"):
        given["replicas_per_node_group"] = int(wanted) - 1
    group = _make_group(self, **given)
    for node_group in group.node_groups:
        if "reader_endpoint_address" in node_group:
            node_group["reader_endpoint"] = {
                "address": node_group["reader_endpoint_address"],
                "port": node_group["port"],
            }
    group.engine_version = given.get("engine_version")
    for member in group.member_clusters:
        cluster = _make_cluster(
            self,
            **{
                **dict.fromkeys(_CLUSTER_ARGUMENTS),
                "cache_cluster_id": member,
                "replication_group_id": group.replication_group_id,
                "engine": "redis",  # moto keeps the group's name for that engine only
                "engine_version": given.get("engine_version"),
                "cache_node_type": group.cache_node_type,
                "cache_parameter_group_name": given.get("cache_parameter_group_name"),
                "cache_subnet_group_name": given.get("cache_subnet_group_name"),
                "security_group_ids": given.get("security_group_ids"),
                "port": group.port,
                "transit_encryption_enabled": group.transit_encryption_enabled,
                "tags": [],
                "log_delivery_configurations": [],
            },
        )
        cluster.engine = group.engine
        cluster.at_rest_encryption_enabled = group.at_rest_encryption_enabled
        _complete_cluster(cluster, self)
    return group


_CLUSTER_ARGUMENTS = _make_cluster.__code__.co_varnames[1 : _make_cluster.__code__.co_argcount]


def delete_replication_group(self: Any, replication_group_id: str, retain_primary_cluster: bool | None) -> Any:
    """Remove a replication group and its members."""
    group = _remove_group(self, replication_group_id, retain_primary_cluster)
    for member in [name for name in self.cache_clusters if name.startswith(f"{replication_group_id}-")]:
        del self.cache_clusters[member]
    # moto only marks it, and would show it for ever.
    self.replication_groups.pop(replication_group_id, None)
    return group


def _check_groups(backend: Any, given: dict[str, Any]) -> None:
    """Refuse subnet and parameter groups that are not there, as AWS does."""
    subnets = given.get("cache_subnet_group_name")
    if subnets and subnets not in backend.cache_subnet_groups:
        raise Refusal(f"Cache Subnet Group {subnets} does not exist.", "CacheSubnetGroupNotFoundFault")
    parameters = given.get("cache_parameter_group_name")
    if parameters and not parameters.startswith("default.") and parameters not in _groups(backend):
        raise Refusal(f"CacheParameterGroup {parameters} not found.", "CacheParameterGroupNotFound")


def _check_password(given: dict[str, Any]) -> None:
    """Refuse a password, or users, where plain text is not refused. (The words that ElastiCache answered to others.)"""
    if not given.get("auth_token") and not given.get("user_group_ids"):
        return
    combination = "InvalidParameterCombination"
    if not given.get("transit_encryption_enabled"):
        raise Refusal("Encryption features require TransitEncryptionEnabled to use an AUTH token.", combination)
    if given.get("transit_encryption_mode") == "preferred":
        raise Refusal("Transit encryption preferred is not supported with redis access control.", combination)


def _groups(backend: Any) -> dict[str, dict[str, Any]]:
    groups: dict[str, dict[str, Any]] = backend.__dict__.setdefault("rehearsal_parameter_groups", {})
    return groups


def _group(response: Any) -> dict[str, Any]:
    name = response._get_param("CacheParameterGroupName")
    found = _groups(response.elasticache_backend).get(name)
    if found is None:
        raise Refusal(f"CacheParameterGroup {name} not found.", "CacheParameterGroupNotFound")
    return found


def _subnet_group(response: Any) -> tuple[Any, str]:
    backend, name = response.elasticache_backend, response._get_param("CacheSubnetGroupName")
    if name not in backend.cache_subnet_groups:
        raise Refusal(f"Cache Subnet Group {name} does not exist.", "CacheSubnetGroupNotFoundFault")
    return backend, name


def create_cache_parameter_group(self: Any) -> ActionResult:
    """CreateCacheParameterGroup."""
    name = self._get_param("CacheParameterGroupName")
    group = {
        "CacheParameterGroupName": name,
        "CacheParameterGroupFamily": self._get_param("CacheParameterGroupFamily"),
        "Description": self._get_param("Description"),
        "ARN": f"arn:aws:elasticache:{self.region}:{self.current_account}:parametergroup:{name}",
        "parameters": {},
    }
    _groups(self.elasticache_backend)[name] = group
    return ActionResult({"CacheParameterGroup": group})


def modify_cache_parameter_group(self: Any) -> ActionResult:
    """ModifyCacheParameterGroup."""
    group = _group(self)
    for parameter in self._get_param("ParameterNameValues", []):
        group["parameters"][parameter["ParameterName"]] = parameter["ParameterValue"]
    return ActionResult({"CacheParameterGroupName": group["CacheParameterGroupName"]})


def describe_cache_parameter_groups(self: Any) -> ActionResult:
    """DescribeCacheParameterGroups."""
    everything = list(_groups(self.elasticache_backend).values())
    found = [_group(self)] if self._get_param("CacheParameterGroupName") else everything
    return ActionResult({"CacheParameterGroups": found})


def describe_cache_parameters(self: Any) -> ActionResult:
    """DescribeCacheParameters, of those that were set."""
    parameters = [
        {"ParameterName": name, "ParameterValue": value, "Source": "user"}
        for name, value in _group(self)["parameters"].items()
    ]
    return ActionResult({"Parameters": parameters})


def delete_cache_parameter_group(self: Any) -> ActionResult:
    """DeleteCacheParameterGroup."""
    del _groups(self.elasticache_backend)[_group(self)["CacheParameterGroupName"]]
    return EmptyResult()


def delete_cache_subnet_group(self: Any) -> ActionResult:
    """DeleteCacheSubnetGroup."""
    backend, name = _subnet_group(self)
    del backend.cache_subnet_groups[name]
    return EmptyResult()


def modify_cache_subnet_group(self: Any) -> ActionResult:
    """ModifyCacheSubnetGroup."""
    backend, name = _subnet_group(self)
    old = backend.cache_subnet_groups.pop(name)
    group = backend.create_cache_subnet_group(
        cache_subnet_group_name=name,
        cache_subnet_group_description=self._get_param("CacheSubnetGroupDescription")
        or old.cache_subnet_group_description,
        subnet_ids=self._get_param("SubnetIds") or old.subnet_ids,
        tags=old.tags,
    )
    return ActionResult({"CacheSubnetGroup": group})


def describe_cache_engine_versions(self: Any) -> ActionResult:
    """DescribeCacheEngineVersions, of one engine."""
    engine = self._get_param("Engine")
    versions = read_table("versions")["engines"].get(engine, [])
    return ActionResult({"CacheEngineVersions": [{"Engine": engine, "EngineVersion": one} for one in versions]})


def modify_cache_cluster(self: Any) -> ActionResult:
    """ModifyCacheCluster."""
    backend = self.elasticache_backend
    cluster = backend.describe_cache_clusters(cache_cluster_id=self._get_param("CacheClusterId"))[0]
    fields = {
        "CacheNodeType": "cache_node_type",
        "EngineVersion": "engine_version",
        "CacheParameterGroupName": "cache_parameter_group_name",
        "SecurityGroupIds": "security_group_ids",
    }
    for parameter, attribute in fields.items():
        value = self._get_param(parameter)
        if value is not None:
            setattr(cluster, attribute, value)
    nodes = self._get_int_param("NumCacheNodes")
    if nodes:
        cluster.num_cache_nodes = nodes
    _complete_cluster(cluster, backend)
    return ActionResult({"CacheCluster": cluster})


CHANGES: list[tuple[Any, str, Any, str]] = [
    (ElastiCacheBackend, "create_cache_cluster", create_cache_cluster, "memcached has neither port nor endpoints"),
    (
        ElastiCacheBackend,
        "create_replication_group",
        create_replication_group,
        "ignores NumCacheClusters, makes no members, where subnet and security groups are shown, and takes a password "
        "in plain text",
    ),
    (ElastiCacheBackend, "delete_replication_group", delete_replication_group, "keeps what was deleted"),
    *(
        (ElastiCacheResponse, action.__name__, action, "the action is missing")
        for action in (
            create_cache_parameter_group,
            modify_cache_parameter_group,
            describe_cache_parameter_groups,
            describe_cache_parameters,
            delete_cache_parameter_group,
            delete_cache_subnet_group,
            modify_cache_subnet_group,
            modify_cache_cluster,
            describe_cache_engine_versions,
        )
    ),
]
