"""Ids: injective, made of the thing's own name alone, and never another kind of thing's."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from compose2aws.planning.identity import (
    SINGLETONS,
    Role,
    digest,
    limited,
    logical_id,
    variable_id,
    zone_id,
)

# Names as Compose takes them, made of few letters so that near-collisions are common, and keys of environments.
NAMES = st.text("aAbB01-_./", min_size=1, max_size=6) | st.from_regex(r"[a-zA-Z0-9._-]{1,20}", fullmatch=True)
VARIABLES = st.text("AaBb01_/", min_size=1, max_size=6) | st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,20}", fullmatch=True)
ROLE = st.sampled_from(get_args(Role))


@given(NAMES, ROLE, NAMES, ROLE)
@example("my-app", "Service", "my_app", "Service")
@example("api", "SecurityGroup", "api-network", "SecurityGroup")
@example("api", "NetworkSecurityGroup", "apinetwork", "SecurityGroup")
@example("api", "Service", "API", "Service")
@example("app_", "Service", f"app{digest('app_')}", "Service")
def test_two_things_never_have_one_logical_id(name: str, role: Role, other: str, others_role: Role) -> None:
    assume((name, role) != (other, others_role))
    assert logical_id(name, role) != logical_id(other, others_role)


@given(VARIABLES, VARIABLES)
@example("JWT_SECRET", "jwt_secret")
@example("A_1", "A1")
@example("jwt_secret", f"JWT_SECRET{digest('jwt_secret').upper()}")
def test_two_variables_never_have_one_parameter(variable: str, other: str) -> None:
    assume(variable != other)
    assert variable_id(variable) != variable_id(other)


@given(VARIABLES, NAMES, ROLE)
@example("API_SERVICE", "api", "Service")
@example("DB_MASTER_LOGIN", "db", "MasterLogin")
@example("SERVICE", "x", "Service")
def test_a_variable_is_never_named_like_a_resource_of_a_service(variable: str, name: str, role: Role) -> None:
    assert variable_id(variable) != logical_id(name, role)
    assert variable_id(variable) not in SINGLETONS


@pytest.mark.parametrize("singleton", sorted(SINGLETONS))
def test_a_variable_is_never_named_like_what_a_project_has_one_of(singleton: str) -> None:
    variable = "_".join(re.findall(r"[A-Z][a-z0-9]*", singleton)).upper()
    assert variable_id(variable) not in SINGLETONS


@given(NAMES, ROLE)
def test_a_service_is_never_named_like_what_a_project_has_one_of(name: str, role: Role) -> None:
    assert logical_id(name, role) not in SINGLETONS


@given(NAMES | VARIABLES, ROLE)
def test_ids_are_letters_and_digits_as_cloudformation_wants_them(name: str, role: Role) -> None:
    assert re.fullmatch(r"[A-Za-z0-9]+", logical_id(name, role))
    assert re.fullmatch(r"[A-Za-z0-9]+", variable_id(name))


def test_a_plain_name_reads_as_itself_and_another_carries_its_hash() -> None:
    assert logical_id("api", "Service") == "ApiService"
    assert logical_id("api2", "Service") == "Api2Service"
    assert logical_id("my-app", "Service") == f"MyApp{digest('my-app')}Service"
    assert variable_id("JWT_SECRET") == "JwtSecret"
    assert variable_id("PORT2") == "Port2"
    assert variable_id("A_1") == f"A1{digest('A_1')}"


def test_ids_are_the_same_on_every_run() -> None:
    # written out: a change of these replaces resources of everybody who has deployed
    assert logical_id("my-app", "Cluster") == "MyApp4c9a75ccCluster"
    assert variable_id("jwt_secret") == "JwtSecrete88040e7"
    assert limited("a" * 70, 20) == "aaaaaaaaaaa-" + digest("a" * 70)
    assert zone_id("PublicSubnet", "A") == "PublicSubnetA"


@given(st.text("ab-", min_size=1, max_size=80), st.text("ab-", min_size=1, max_size=80), st.sampled_from([20, 32, 64]))
def test_a_limited_name_fits_and_tells_names_apart(name: str, other: str, length: int) -> None:
    assert len(limited(name, length)) <= length
    assert limited(name, length) == name or len(name) > length
    if name != other:
        assert limited(name, length) != limited(other, length)
