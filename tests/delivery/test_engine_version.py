"""Which version a managed engine is given, from what it has and what its image's tag asks for."""

from __future__ import annotations

import pytest

from compose2aws.delivery.engine_version import ChosenVersion, WantedVersion, choose
from compose2aws.delivery.refusal import DeliveryError

_POSTGRES = WantedVersion("db", "DbEngineVersion", "16.10", "16")


def test_a_new_database_gets_the_newest_version_of_its_major() -> None:
    assert choose(_POSTGRES, None, None, upgrade=False) == ChosenVersion("16.10")


@pytest.mark.parametrize("live", [None, "16.8"])
def test_a_database_keeps_the_version_it_was_given(live: str | None) -> None:
    assert choose(_POSTGRES, "16.8", live, upgrade=False) == ChosenVersion("16.8")


def test_an_upgrade_within_the_major_is_made_only_when_asked_for() -> None:
    assert choose(_POSTGRES, "16.8", "16.8", upgrade=True) == ChosenVersion("16.10", upgraded_from="16.8")


def test_versions_are_compared_as_numbers() -> None:
    assert choose(_POSTGRES, "16.9", None, upgrade=True).value == "16.10"
    assert choose(WantedVersion("db", "P", "16.9", "16"), "16.10", None, upgrade=True).value == "16.10"


def test_a_version_is_never_below_the_one_that_runs() -> None:
    assert choose(_POSTGRES, "16.8", "16.9", upgrade=False) == ChosenVersion("16.9")


def test_a_longer_name_of_the_same_version_is_no_change() -> None:
    assert choose(WantedVersion("cache", "P", "8.1", "8"), "8.0", "8.0.1", upgrade=False) == ChosenVersion("8.0")


def test_another_major_in_the_tag_is_an_upgrade_of_its_own() -> None:
    assert choose(WantedVersion("db", "P", "17.6", "17"), "16.8", "16.8", upgrade=False) == ChosenVersion(
        "17.6", True, "16.8"
    )


def test_the_name_of_an_aurora_mysql_version_is_understood() -> None:
    wanted = WantedVersion("db", "P", "8.0.mysql_aurora.3.10.0", "8.0")
    kept = "8.0.mysql_aurora.3.08.0"
    assert choose(wanted, kept, kept, upgrade=False) == ChosenVersion(kept)
    assert choose(WantedVersion("db", "P", "8.4.mysql_aurora.8.4.7", "8.4"), kept, kept, upgrade=False).major_upgrade


def test_no_engine_goes_back_to_an_older_major() -> None:
    with pytest.raises(DeliveryError, match=r"db runs version 17\.4, and its image asks for 16"):
        choose(_POSTGRES, "17.4", None, upgrade=False)
