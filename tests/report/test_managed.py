"""Managed services in words: each family has a name, a size and a word on what is kept of it."""

from __future__ import annotations

import pytest

from compose2aws.planning.model import Managed
from compose2aws.report.managed import backups, described, title
from tests.cloudformation.plans import aurora, cache
from tests.cloudformation.wide_plans import maria, memcached, mongo, rabbit, search


@pytest.mark.parametrize(
    ("item", "called", "made_of", "kept"),
    [
        (aurora(), "Aurora PostgreSQL (RDS)", "writer and reader in two zones", "backups kept"),
        (cache(), "ElastiCache", "with failover", "snapshots kept"),
        (maria(), "RDS for MariaDB", "standby in a second zone", "backups kept 14 days"),
        (mongo(), "DocumentDB", "2 instances", "backups kept 14 days"),
        (memcached(), "ElastiCache", "memcached 1.6.22, cache.t4g.small, one node, without TLS", "no backups"),
        (rabbit(), "Amazon MQ", "RabbitMQ 4.2, mq.m7g.large, one broker, TLS only", "no backups"),
        (search(), "OpenSearch Service", "2 m7g.large.search in two zones, 50 GB each", "snapshot every hour"),
        (search("development", secured=False), "OpenSearch Service", "without a login", "kept 14 days"),
    ],
)
def test_each_family_is_told_in_words(item: Managed, called: str, made_of: str, kept: str) -> None:
    assert title(item) == called
    assert made_of in described(item)
    assert kept in backups(item)
