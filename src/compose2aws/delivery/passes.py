"""The passes of a deployment, as data: which stack gets which template, in which order, so that AWS takes each of them
and whoever uses something never stands without it.

    what is made or changed: base → app → shards        what goes: shards → app → base

A pure function of the templates wanted and the stacks that are there: it can be printed, tested and begun anew after
any pass, from the stacks as they are then.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from compose2aws.delivery import transition
from compose2aws.delivery.engine_version import versioned
from compose2aws.delivery.transition import Template

PROTECTION = "DeletionProtection"


@dataclass(frozen=True, slots=True)
class Pass:
    """One operation on one stack. `template` None means that the stack goes. `protection` is what deletion protection
    of the databases is to be (None: as it is); `snapshots` are taken of these before; `force` are ECS services that
    start their tasks anew after it. Its words (`why`) follow the stack's name."""

    stack: str
    template: Template | None
    why: str = ""
    protection: bool | None = None
    keep: frozenset[str] = frozenset()
    snapshots: tuple[str, ...] = ()
    force: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Situation:
    """What is wanted and what is there. Stacks are by name, in the order in which they are deployed; the first is base.

    `made_anew` are the logical ids of the base that would be, or may be, replaced; `lost` those that hold data that
    would be lost; `upgraded` the parameters of engines whose major changes; `protected` whether the databases refuse to
    be deleted now, `protect` whether they are to in the end.
    """

    wanted: Mapping[str, Template]
    deployed: Mapping[str, Template]
    exported: Mapping[str, str] = field(default_factory=dict)
    made_anew: Collection[str] = ()
    lost: Collection[str] = ()
    upgraded: Collection[str] = ()
    protected: bool = False
    protect: bool = False


@dataclass(frozen=True, slots=True)
class Passes:
    """Those before the images are built (a registry must be there), and those after."""

    before_images: tuple[Pass, ...]
    after_images: tuple[Pass, ...]


def passes(situation: Situation) -> Passes:
    """The passes that bring what is there to what is wanted. One that would change nothing may be among them."""
    base, *apps = situation.wanted
    before, current, ends_with = _of_base(situation, base)
    after = _of_apps(situation, apps, current)
    if ends_with:
        after.append(Pass(base, situation.wanted[base], "removing what nothing uses any more"))
    if situation.protect:
        after.append(Pass(base, situation.wanted[base], "protecting the databases from deletion", protection=True))
    return Passes(tuple(before), tuple(after))


def _of_base(situation: Situation, base: str) -> tuple[list[Pass], dict[str, Template], bool]:
    """The passes of base, the templates of the apps after them, and whether something of base is yet to go."""
    new, old = situation.wanted[base], situation.deployed.get(base)
    current = {name: template for name, template in situation.deployed.items() if name != base}
    if old is None:
        return [Pass(base, new, protection=False)], current, False
    done: list[Pass] = []
    if situation.protected and situation.lost:
        done.append(Pass(base, old, "letting go of the protection from deletion", protection=False))
    retyped = transition.retyped(new, old)
    moving = transition.exports_of(old, {*situation.made_anew, *retyped})
    for name, template in current.items():
        written = transition.frozen(template, {export: situation.exported.get(export, "") for export in moving})
        if written is not None:
            done.append(Pass(name, written, "writing out the addresses of what is made anew"))
            current[name] = written
    if retyped:
        old = transition.without(old, retyped)
        done.append(Pass(base, old, "removing what becomes another kind of thing"))
    if situation.upgraded:
        engines = {name for parameter, name, _ in versioned(new) if parameter in situation.upgraded}
        rest = transition.grafted(new, old, transition.of_source(new, engines) & transition.of_source(old, engines))
        rest = transition.united(rest, old) or rest
        done.append(Pass(base, rest, "all but the engines' upgrade", keep=frozenset(situation.upgraded)))
        snapshots = tuple(sorted(engines & old["Resources"].keys()))
    else:
        snapshots = ()
    both = transition.united(new, old)
    done.append(Pass(base, both or new, "upgrading the engine" if snapshots else "", snapshots=snapshots))
    return done, current, both is not None


def _of_apps(situation: Situation, apps: list[str], current: Mapping[str, Template]) -> list[Pass]:
    done: list[Pass] = []
    wanted = {name: situation.wanted[name] for name in apps}
    going = transition.in_the_way(wanted, current)
    cut: dict[str, Template] = dict(current)
    gone_exports = {name for stack, ids in going.items() for name in transition.exports_of(current[stack], ids)}
    for name in reversed(list(current)):
        if going.get(name) or gone_exports.intersection(transition.imported(current[name])):
            cut[name] = transition.without(current[name], going.get(name, ()), gone_exports)
            done.append(Pass(name, cut[name], "freeing names and addresses that are wanted elsewhere"))
    finish: list[Pass] = []
    for name in apps:
        new, old = wanted[name], cut.get(name)
        in_use = {
            export for other, template in cut.items() if other != name for export in transition.imported(template)
        }
        left = {export for _, export in transition.exports(new)}
        both = None
        if old is not None and {export for _, export in transition.exports(old)} & in_use - left:
            both = transition.united(new, old)
        force = _registering_again(new, situation.deployed.get(name), going.get(name, ()))
        if both is None:
            done.append(Pass(name, new, force=force))
        else:
            done.append(Pass(name, both))
            finish.append(Pass(name, new, "removing what nothing uses any more", force=force))
    done += [Pass(name, None) for name in reversed(list(current)) if name not in wanted]
    return done + finish


def _registering_again(new: Template, old: Template | None, names: Collection[str]) -> tuple[str, ...]:
    """The ECS services that were there, and whose name went and comes back: Cloud Map gives it the same id, and ECS
    does not register the running tasks again by itself."""
    if old is None:
        return ()
    return tuple(sorted(transition.registrants(new, names) & old["Resources"].keys()))
