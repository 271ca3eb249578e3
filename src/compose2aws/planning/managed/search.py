"""Search: OpenSearch Service."""

from __future__ import annotations

import re

from compose2aws.planning.ledger import Ledger
from compose2aws.planning.managed.draft import Access, Draft, Family
from compose2aws.planning.model import SearchDomain

_HTTPS = 443
_SEEDS = "discovery.seed_hosts"


def _opensearch(draft: Draft) -> SearchDomain:
    """One node in one zone, or two in two zones with masters of their own: a domain changes between them in place."""
    production = draft.production
    return SearchDomain(
        service=draft.service.name,
        version=draft.version,
        port=_HTTPS,
        user=draft.user,
        secured=_is_secured(draft),
        instance_type="m7g.large.search" if production else "t3.small.search",
        nodes=2 if production else 1,
        masters="m7g.medium.search" if production else None,
        storage=50 if production else 10,
        log_retention=365 if production else 7,
        security_group=draft.security_group,
        source=draft.service.path,
        was=draft.service.settings.was,
    )


def _is_secured(draft: Draft) -> bool:
    values = (draft.service.text("environment", name) for name in draft.mapping.login.switched_off_variables)
    return not any((value or "").lower() == "true" for value in values)


def _access(draft: Draft) -> Access:
    return Access(port=_HTTPS, tls=True, passwordless=not _is_secured(draft))


def _tell(draft: Draft, ledger: Ledger) -> None:
    """Nodes that were to find each other become domains that know nothing of each other."""
    service = draft.service
    seeds = re.split(r"[,\s]+", service.text("environment", _SEEDS) or "")
    others = [seed for seed in seeds if seed and seed.partition(":")[0] != service.name]
    if others:
        ledger.find(
            "search-cluster",
            "error",
            f"{service.name} is a node of a cluster with {', '.join(others)}; each node that moves becomes a domain of "
            "its own, and they share no data",
            "keep one of the services, as a domain it has nodes enough; or keep all as containers with "
            "`x-aws: {managed: false}`",
            service.at("environment", _SEEDS),
        )


OPENSEARCH = Family(_opensearch, _access, _tell)
