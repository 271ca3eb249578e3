"""`compose2aws rehearse`: a project's whole life in an account made of moto: no AWS account, no network, no Docker."""

from __future__ import annotations

import importlib.util
import sys

import click

from compose2aws.cli.project_options import given_options, project_options
from compose2aws.cli.terminal import colourful, say, warn
from compose2aws.cli.translation import translate


@click.command(short_help="Try it all in an AWS made of moto: no account needed.")
@project_options
@click.option("--verbose", "-v", is_flag=True, help="Show the progress of each stack.")
def rehearse(verbose: bool) -> None:
    """Deploy, check, compare, change and destroy the project in an account made of moto, in this process.

    Nothing leaves this machine: no AWS account, no network and no Docker are needed.
    """
    if importlib.util.find_spec("moto") is None:
        raise click.UsageError("rehearse needs moto, which is not installed: pip install 'compose2aws[rehearsal]'")
    project, plan, templates = translate(given_options(), otherwise="Nothing was rehearsed.")
    warn(f"Rehearsing {plan.project} ({plan.tier}) in an AWS made of moto; nothing leaves this machine.")
    from compose2aws.rehearsal.performance import RehearsalFailed, perform
    from compose2aws.report.progress import new_progress
    from compose2aws.report.progress_silent import SilentProgress
    from compose2aws.report.rehearsed import scene_text

    progress = new_progress() if verbose else SilentProgress()
    try:
        with progress:
            for scene in perform(project, plan, templates, progress):
                say(scene_text(scene, colour=colourful(sys.stdout)))
    except RehearsalFailed as failure:
        for sentence in failure.sentences:
            warn(f"compose2aws: {sentence}")
        warn("The rehearsal failed: this would not have worked on AWS either, or compose2aws has a bug.")
        raise click.exceptions.Exit(1) from None
    errors = [finding for finding in plan.findings if finding.severity == "error"]
    if errors:
        say(f"{plan.project} can be deployed once this is mended (`compose2aws explain` tells how):")
        for finding in errors:
            say(f"  {finding.message}")
        return
    say(f"{plan.project} can be deployed: `compose2aws deploy`.")
