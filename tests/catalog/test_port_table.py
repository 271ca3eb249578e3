"""What ports and the names of variables say: the tables agree with each other and with the mappings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from compose2aws.catalog import load_catalog, parse_image
from compose2aws.catalog.image import is_image
from compose2aws.catalog.port_table import port_table

MAPPINGS = Path(__file__).parents[2] / "mappings"


def read(name: str) -> Any:
    return yaml.safe_load((MAPPINGS / f"{name}.yaml").read_text())


def test_a_port_stands_in_one_list() -> None:
    table = port_table()
    tcp = [port for section in read("ports")["tcp"].values() for port in section]
    assert len(tcp) == len(table.tcp)
    assert not table.tcp & table.grpc


@pytest.mark.parametrize("section", ["registered", "documented"])
def test_ports_are_in_order_and_named(section: str) -> None:
    ports = read("ports")["tcp"][section]
    assert list(ports) == sorted(ports)
    assert all(isinstance(name, str) and name for name in ports.values())


def test_images_have_a_source_and_patterns_that_fit_something() -> None:
    for row in read("ports")["images"]:
        assert row["source"]
        for pattern in row["images"]:
            image = pattern.replace("*", "x")
            assert is_image(image), pattern
            assert port_table().of_image(parse_image(image), next(iter(row.get("tcp", row.get("http", [1]))))), pattern


def test_schemes_of_managed_services_are_known() -> None:
    for mapping in load_catalog().mappings:
        for scheme in mapping.schemes - {"opensearch"}:
            assert port_table().of_scheme(scheme) == "tcp", scheme


def test_a_drivers_name_has_a_part_too_and_no_word_two() -> None:
    table = read("variables")
    words = [word for lines in table["parts"].values() for line in lines for word in line.split()]
    assert len(words) == len(set(words))
    both = set(" ".join([*table["driver-names"], *table["driver-names-or-hosts"]]).split())
    assert both <= set(words)
