"""From options to the project as it is deployed: what the commands that look at it start with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from compose2aws.cli.account_options import given_account
from compose2aws.cli.project_options import ProjectOptions, given_options

if TYPE_CHECKING:
    from compose2aws.delivery.deployed import DeployedProject


def read_deployed() -> DeployedProject:
    """The project that the options name, as it is deployed. With `-p` no compose file is needed.

    Raises `ComposeError`, `DeliveryError` and botocore's exceptions.
    """
    from compose2aws.delivery.deployed import read_project

    account = given_account()
    return read_project(account, project_name(given_options()))


def project_name(options: ProjectOptions) -> str:
    """The project's name: that of `-p` or COMPOSE_PROJECT_NAME, else what the compose file says."""
    if given := options.project_name or os.environ.get("COMPOSE_PROJECT_NAME"):
        return given
    from compose2aws.cli.reading import read_project_name

    return read_project_name(options)
