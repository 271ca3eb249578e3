"""Caches: ElastiCache for Valkey, and for memcached."""

from __future__ import annotations

from compose2aws.planning.ledger import Ledger
from compose2aws.planning.managed.draft import Access, Draft, Family
from compose2aws.planning.model import MemcachedCluster, ReplicationGroup


def _valkey(draft: Draft) -> ReplicationGroup:
    """ElastiCache takes an AuthToken only beside `TransitEncryptionMode: required`."""
    production = draft.production
    return ReplicationGroup(
        service=draft.service.name,
        engine="valkey",
        version=draft.version,
        family=draft.family,
        parameters=draft.parameters,
        port=draft.port,
        node_type="cache.t4g.small" if production else "cache.t4g.micro",
        nodes=2 if production else 1,
        transit_encryption="required" if draft.settings.tls_required else "preferred",
        snapshot_retention=7 if production else 0,
        security_group=draft.security_group,
        generated_password=_has_password(draft),
        source=draft.service.path,
    )


def _has_password(draft: Draft) -> bool:
    """Whether the cache asks for a password on AWS: where the compose file's does, and plain text is refused.

    It hangs on nothing but the cache's own settings. CloudFormation replaces a cache whose AuthToken goes, so a client
    that is added elsewhere must not change it.
    """
    return draft.settings.tls_required and bool(draft.credentials.logins)


def _memcached(draft: Draft) -> MemcachedCluster:
    return MemcachedCluster(
        service=draft.service.name,
        version=draft.version,
        family=draft.family,
        parameters=draft.parameters,
        port=draft.port,
        node_type="cache.t4g.small" if draft.production else "cache.t4g.micro",
        tls=draft.settings.tls_required,
        security_group=draft.security_group,
        source=draft.service.path,
    )


def _valkey_access(draft: Draft) -> Access:
    return Access(passwordless=not _has_password(draft))


def _without_password(draft: Draft) -> Access:
    del draft
    return Access(passwordless=True)


def _tell_of_password(draft: Draft, ledger: Ledger) -> None:
    name = draft.service.name
    if _has_password(draft):
        ledger.find(
            "cache-with-password",
            "note",
            f"the cache {name} asks for a password that AWS generates; every connection that was rewritten carries it. "
            "Where `tls: required` or the password is taken out of the file later, CloudFormation makes a new, empty "
            "cache, and a snapshot of the old one is kept",
            "",
            draft.service.path,
        )
    elif draft.credentials.logins:
        ledger.find(
            "cache-without-password",
            "note",
            f"the cache {name} asks for no password on AWS: only the members of its networks reach it; "
            "the password is taken out of the connections that were rewritten",
            "a password that the app has elsewhere (in an image, in a mounted file) must be taken out there; "
            "ElastiCache takes one only where it refuses plain text: `x-aws: {tls: required}`",
            draft.service.path,
        )


def _tell_of_sasl(draft: Draft, ledger: Ledger) -> None:
    if draft.credentials.logins:
        ledger.find(
            "cache-without-password",
            "note",
            f"the cache {draft.service.name} asks for no password on AWS: only the members of its networks reach it; "
            "the password is taken out of the connections that were rewritten",
            "a password that the app has elsewhere (in an image, in a mounted file) must be taken out there",
            draft.service.path,
        )


VALKEY = Family(_valkey, _valkey_access, _tell_of_password)
MEMCACHED = Family(_memcached, _without_password, _tell_of_sasl, backups=False)
