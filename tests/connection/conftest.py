"""The servers of this machine, started once for the run of each worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.connection.servers import Servers, missing_servers


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    if missing := missing_servers():
        pytest.skip(f"no {', '.join(missing)} on this machine: .ci/run installs what these tests connect to")
    started = Servers()
    yield started
    started.stop()
