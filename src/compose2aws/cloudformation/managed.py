"""The table of managed families: which emitter makes each, and what fills the holes of texts that name it."""

from __future__ import annotations

from typing import assert_never

from troposphere import Ref

from compose2aws.cloudformation.aurora import aurora_fact, emit_aurora
from compose2aws.cloudformation.broker import broker_fact, emit_broker
from compose2aws.cloudformation.cache import cache_fact, emit_cache, emit_memcached, memcached_fact
from compose2aws.cloudformation.database_instance import database_instance_fact, emit_database_instance
from compose2aws.cloudformation.document_cluster import document_cluster_fact, emit_document_cluster
from compose2aws.cloudformation.expression import Expression, joined
from compose2aws.cloudformation.graph import Graph, GraphError
from compose2aws.cloudformation.search import emit_search, search_fact
from compose2aws.planning.model import (
    AuroraCluster,
    DatabaseInstance,
    DocumentCluster,
    Managed,
    MemcachedCluster,
    MessageBroker,
    Plan,
    ReplicationGroup,
    SearchDomain,
)
from compose2aws.planning.text import Fact, Hole, Text


def emit_managed(graph: Graph, plan: Plan, item: Managed) -> None:
    """Add the resources of a compose service that moved to a managed one."""
    match item:
        case AuroraCluster():
            emit_aurora(graph, plan, item)
        case ReplicationGroup():
            emit_cache(graph, plan, item)
        case DatabaseInstance():
            emit_database_instance(graph, plan, item)
        case DocumentCluster():
            emit_document_cluster(graph, plan, item)
        case MemcachedCluster():
            emit_memcached(graph, plan, item)
        case MessageBroker():
            emit_broker(graph, plan, item)
        case SearchDomain():
            emit_search(graph, plan, item)
        case _:
            assert_never(item)


def managed_fact(item: Managed, fact: Fact) -> Expression:
    """A fact of a managed service: its `host`, `reader-host`, `port`, `user`, `password` or `database`, as text."""
    match item:
        case AuroraCluster():
            return aurora_fact(item, fact)
        case ReplicationGroup():
            return cache_fact(item, fact)
        case DatabaseInstance():
            return database_instance_fact(item, fact)
        case DocumentCluster():
            return document_cluster_fact(item, fact)
        case MemcachedCluster():
            return memcached_fact(item, fact)
        case MessageBroker():
            return broker_fact(item, fact)
        case SearchDomain():
            return search_fact(item, fact)
        case _:
            assert_never(item)


def text_expression(plan: Plan, text: Text) -> Expression:
    """A text with its holes filled."""
    return joined(*(_filled(plan, part) if isinstance(part, Hole) else part for part in text.parts))


def _filled(plan: Plan, hole: Hole) -> Expression:
    if hole.fact in ("parameter", "secret-parameter"):
        return Ref(hole.of)
    for item in plan.managed:
        if item.service == hole.of:
            return managed_fact(item, hole.fact)
    raise GraphError(f"a text names {hole}, which is no managed service")
