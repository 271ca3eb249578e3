"""Alarms: what wakes people up, and where they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compose2aws.compose.node import Path
from compose2aws.planning.identity import ResourceId
from compose2aws.planning.model.base import singleton


@dataclass(frozen=True, slots=True)
class Dimension:
    """What a metric is about: a resource by its own reference, by one of its attributes, or by one of the properties
    that it is made with. `suffix` stands behind it. No resource: the account."""

    name: str
    of: ResourceId | None
    attribute: str = ""
    made_with: str = ""
    suffix: str = ""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A metric that is above or below a threshold for `minutes`."""

    id: ResourceId
    description: str
    namespace: str
    metric: str
    dimensions: tuple[Dimension, ...]
    statistic: Literal["Average", "Maximum", "Minimum", "Sum"]
    side: Literal["above", "below"]
    threshold: float
    minutes: int
    source: Path = ()


@dataclass(frozen=True, slots=True)
class AlarmTopic:
    """Where alarms go: an address, which AWS first asks whether it wants them."""

    address: str

    @property
    def topic(self) -> ResourceId:
        return singleton("AWS::SNS::Topic", "AlarmTopic")

    @property
    def subscription(self) -> ResourceId:
        return singleton("AWS::SNS::Subscription", "AlarmSubscription")
