"""The sign of each kind of box: strokes in a square of 18 by 18."""

from __future__ import annotations

from compose2aws.report.picture.model import Symbol

SIGNS: dict[Symbol, str] = {
    "internet": "M9 1.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15M1.5 9h15M9 1.5c-4.5 4-4.5 11 0 15c4.5-4 4.5-11 0-15",
    "balancer": "M1.5 9h5L14 3.5M6.5 9h8.5M6.5 9l7.5 5.5M14 3.5l-3 .3M14 3.5l-1.2 2.8M14 14.5l-3-.3M14 14.5l-1.2-2.8"
    "M15.5 9l-2.3-1.8M15.5 9l-2.3 1.8",
    "service": "M9 1.5l6.5 3.75v7.5L9 16.5l-6.5-3.75v-7.5zM2.5 5.25L9 9l6.5-3.75M9 9v7.5",
    "job": "M9 1.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15M7 5.5l5.5 3.5l-5.5 3.5z",
    "schedule": "M9 1.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 1 0 0-15M9 4.5v4.5l3.2 2",
    "database": "M2.5 4c0-3 13-3 13 0v10c0 3-13 3-13 0zM2.5 4c0 3 13 3 13 0M2.5 9c0 3 13 3 13 0",
    "cache": "M10.5 1.5l-7 9h4.5l-1 6l7.5-9.5h-5z",
    "broker": "M2 3h14v3.4h-14zM2 7.3h14v3.4h-14zM2 11.6h14v3.4h-14z",
    "search": "M7.5 2a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M11.5 11.5l5 5",
    "files": "M1.5 4v11h15v-9h-8l-2-2z",
}
