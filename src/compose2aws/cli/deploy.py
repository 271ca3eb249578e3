"""`compose2aws deploy`: the base stack, the images, the app stack; safe to interrupt and to repeat."""

from __future__ import annotations

import click

from compose2aws.cli.account_options import account_options, given_account
from compose2aws.cli.interruption import exit_code
from compose2aws.cli.project_options import given_options, project_options
from compose2aws.cli.terminal import say, warn
from compose2aws.cli.translation import translate


@click.command(short_help="Bring the project to AWS.")
@project_options
@account_options
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--no-build", is_flag=True, help="Build no image: take those that are in the registry.")
@click.option("--allow-data-loss", is_flag=True, help="Also replace and remove what holds data.")
@click.option("--upgrade-engines", is_flag=True, help="Take the newest version of each engine's major.")
def deploy(yes: bool, no_build: bool, allow_data_loss: bool, upgrade_engines: bool) -> None:
    """Create or update the stacks: base, then images, then app.

    What would change is shown first, and asked for. An interrupted deployment goes on in the account; the same command
    takes it up.
    """
    from compose2aws.cli.conversation import TerminalConversation
    from compose2aws.delivery.checks import check_all, line_of
    from compose2aws.delivery.deployment import deploy as bring
    from compose2aws.delivery.engine_version import wanted_versions
    from compose2aws.delivery.image_builder import ImageBuilder
    from compose2aws.delivery.request import Declined, Request
    from compose2aws.report.progress import new_progress

    project, plan, templates = translate(given_options(), otherwise="Nothing was deployed.")
    account = given_account()
    warn(f"{plan.project} ({plan.tier}) → account {account.identity.account}, {account.region}")
    progress = new_progress()
    request = Request(
        templates=templates,
        versions=wanted_versions(plan.managed),
        protect=plan.tier == "production",
        builder=lambda where: ImageBuilder(where, project, templates, progress, build=not no_build),
        check=lambda stacks: check_all(
            account,
            plan,
            templates,
            stacks,
            lambda finding: progress.note(line_of(finding)),
            upgrade_engines=upgrade_engines,
        ),
        allow_data_loss=allow_data_loss,
        upgrade_engines=upgrade_engines,
    )
    try:
        with progress:
            outcome = bring(account, request, progress, TerminalConversation(yes=yes))
    except Declined:
        warn("Nothing more was changed.")
        raise click.exceptions.Exit(1) from None
    except KeyboardInterrupt as interruption:
        warn(
            "Interrupted. What was begun in the account goes on there. `compose2aws status` shows it; the same deploy "
            f"command takes it up. {plan.project} was not taken down."
        )
        raise click.exceptions.Exit(exit_code(interruption)) from None
    if not outcome.changed:
        warn("Nothing to change: what is deployed is what the files say.")
    for name, value in sorted(outcome.outputs.items()):
        say(f"{name}  {value}")
