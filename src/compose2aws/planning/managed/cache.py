"""Caches: ElastiCache for Valkey, and for memcached."""

from __future__ import annotations

import re

from compose2aws.planning.ledger import Ledger
from compose2aws.planning.managed.draft import Access, Draft, Family
from compose2aws.planning.model import MemcachedCluster, ReplicationGroup

# memcached's own help, `-S`; one letter may stand among others.
_SASL = re.compile(r"(?<!\S)(?:-[A-Za-z]*S[A-Za-z]*|--enable-sasl)(?!\S)|\bmech_list\b")


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
        snapshot=draft.snapshot,
        source=draft.service.path,
        was=draft.service.settings.was,
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
        was=draft.service.settings.was,
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
    service = draft.service
    words = " ".join((*service.texts("entrypoint"), *service.texts("command")))
    if draft.credentials.logins or _SASL.search(words) or service.get("environment", "SASL_CONF_PATH") is not None:
        ledger.find(
            "cache-without-login",
            "error",
            f"{service.name} asks its clients for a login (SASL), which {draft.mapping.product} has none of: clients "
            "that log in are refused there",
            "let the clients connect without a login, or keep the container with `x-aws: {managed: false}`",
            service.path,
        )


VALKEY = Family(_valkey, _valkey_access, _tell_of_password)
MEMCACHED = Family(_memcached, _without_password, _tell_of_sasl, backups=False)
