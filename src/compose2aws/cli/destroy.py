"""`compose2aws destroy`: takes the app away; with its data only where that is asked for twice."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from compose2aws.cli.account_options import account_options, given_account
from compose2aws.cli.deployed import project_name
from compose2aws.cli.interruption import exit_code
from compose2aws.cli.project_options import given_options, project_options
from compose2aws.cli.terminal import warn

if TYPE_CHECKING:
    from compose2aws.delivery.account import Account
    from compose2aws.delivery.destruction import Kept
    from compose2aws.delivery.stack import DeployedStack


@click.command(short_help="Take the app away; the data only with --with-data.")
@project_options
@account_options
@click.option(
    "--with-data", is_flag=True, help="Also the base: databases, volumes, images. Asks for the project's name."
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask about the app. The data is asked about all the same.")
@click.option("--confirm", metavar="PROJECT", help="The project's name, for --with-data where nobody can be asked.")
def destroy(with_data: bool, yes: bool, confirm: str | None) -> None:
    """Remove the app stacks. Databases, volumes and images stay, and the next deploy finds them.

    With --with-data the base goes as well; what its template retains or takes a snapshot of stays, and is named.
    """
    from compose2aws.cloudformation import stack_prefix
    from compose2aws.delivery.foreign_import import check_removal
    from compose2aws.delivery.stack import read_stacks

    name = project_name(given_options())
    account = given_account()
    where = f"account {account.identity.account}, {account.region}"
    stacks = read_stacks(account, name)
    base = stacks.get(f"{stack_prefix(name)}-base")
    apps = [stack for stack in reversed(stacks.values()) if stack is not base]
    with_base = [base] if with_data and base is not None else []
    if not apps and not with_base:
        warn(f"Nothing of {name} to remove in {where}." + (_base_stays(base) if base else ""))
        return
    check_removal(account, (*apps, *with_base), stacks, warn)
    if apps:
        warn(f"The app of {name} in {where} would be removed: {', '.join(stack.name for stack in apps)}.")
        _warn_of(account, apps)
        _ask(f"Remove the app of {name}?", yes=yes)
    kept = _asked_for_data(account, name, with_base[0], confirm) if with_base else ()
    _remove(account, (*apps, *with_base))
    if not with_data and base is not None:
        warn(f"The app of {name} is gone." + _base_stays(base))
    elif with_data:
        _tell_what_stays(account, name, kept)


def _remove(account: Account, stacks: Sequence[DeployedStack]) -> None:
    from compose2aws.delivery.destruction import Removal, interrupted_text, remove_stacks, unprotected_text
    from compose2aws.report.progress import new_progress

    removal, progress = Removal(), new_progress()
    try:
        with progress:
            remove_stacks(account, stacks, progress, removal)
    except KeyboardInterrupt as interruption:
        warn(interrupted_text(removal))
        raise click.exceptions.Exit(exit_code(interruption)) from None
    except Exception:
        if off := unprotected_text(removal):
            warn(off)
        raise


def _warn_of(account: Account, stacks: Sequence[DeployedStack]) -> None:
    """What somebody meant the stacks for, or against, who may be somebody else."""
    from compose2aws.delivery.destruction import waiting_text

    for stack in stacks:
        if stack.protected:
            warn(f"Termination protection of {stack.name} is on: it is switched off first.")
        if waiting := waiting_text(account, stack):
            warn(waiting)


def _base_stays(base: DeployedStack) -> str:
    return f" {base.name} with its data stays; `destroy --with-data` removes it too."


def _ask(question: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("there is no terminal to ask on: give --yes")
    if not click.confirm(question, err=True):
        warn("Nothing was removed.")
        raise click.exceptions.Exit(1)


def _asked_for_data(account: Account, name: str, base: DeployedStack, confirm: str | None) -> tuple[Kept, ...]:
    """What will stay of the base, after its user has typed the project's name."""
    from compose2aws.delivery.destruction import what_stays

    kept = what_stays(account, base)
    warn(f"{base.name} would be removed with all that it holds: databases, caches, volumes, images.")
    _warn_of(account, [base])
    for one in kept:
        warn(f"  {one.logical_id} ({one.type}): " + ("a last snapshot is taken" if one.how == "snapshot" else "stays"))
    if confirm is None and not sys.stdin.isatty():
        raise click.UsageError(f"there is no terminal to ask on: give --confirm {name}")
    typed = confirm if confirm is not None else click.prompt(f"Type {name} to remove its data", err=True, default="")
    if typed != name:
        warn("That is not the project's name. Nothing was removed.")
        raise click.exceptions.Exit(1)
    return kept


def _tell_what_stays(account: Account, name: str, kept: tuple[Kept, ...]) -> None:
    from compose2aws.delivery.destruction import key_of, snapshots_under

    warn(f"{name} is gone." + (" What stays in the account:" if kept else ""))
    for one in kept:
        if one.how == "retained":
            warn(f"  {one.type} {one.physical_id} ({one.logical_id})")
    key = key_of(kept)
    if key is not None:
        for snapshot in (snapshots := snapshots_under(account, key)):
            warn(f"  snapshot {snapshot}")
        if snapshots:
            warn(f"The key {key} encrypts these snapshots: they are lost where it is deleted.")
