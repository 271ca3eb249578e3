"""Two stacks as compose2aws writes them, of every type that it uses, asserted through the services' own APIs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("moto.server", reason="the rehearsal needs moto[server]")

from compose2aws.rehearsal import RehearsalServer, missing_resources  # noqa: E402

Template = dict[str, Any]


