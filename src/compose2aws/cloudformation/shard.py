"""Which of the app's stacks a workload lands in, where one template would pass CloudFormation's limits.

Workloads are spread by the bits of a hash of their names. A stack that grows too large splits in two by the next bit,
and only that one: what hashes to 0 stays where it is, so that an addition moves as little as it can.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from compose2aws.planning.identity import digest
from compose2aws.planning.model import Job, Plan

_MOST_BITS = 16
_APP = "app"


@dataclass(slots=True)
class Shards:
    """`jobs` gives for a workload the job that it waits for and must stand beside: CloudFormation orders only what is
    in one stack. `leaves` are the stacks, each as (number of bits, their value)."""

    owners: frozenset[str]
    jobs: dict[str, str]
    leaves: set[tuple[int, int]] = field(default_factory=lambda: {(0, 0)})

    @classmethod
    def of(cls, plan: Plan, owners: frozenset[str]) -> Shards:
        """All in one stack, to begin with."""
        return cls(owners, _jobs(plan))

    def key(self, owner: str | None) -> str:
        """The key of the stack of a workload; what has no owner stands in the first."""
        return _APP if owner is None else _key(self._leaf(owner))

    def split(self, key: str) -> bool:
        """Split a stack in two; False where that would not help."""
        for bits, value in self.leaves:
            if _key((bits, value)) == key:
                break
        else:
            return False
        if bits == _MOST_BITS or not any(self._leaf(owner) == (bits, value) for owner in self.owners):
            return False
        self.leaves.remove((bits, value))
        self.leaves |= {(bits + 1, value), (bits + 1, value + 2**bits)}
        return True

    def _leaf(self, owner: str) -> tuple[int, int]:
        number = int(digest(self.jobs.get(owner, owner)), 16)
        return next((bits, value) for bits, value in self.leaves if number % 2**bits == value)


def _key(leaf: tuple[int, int]) -> str:
    return f"{_APP}-{leaf[1] + 1}" if leaf[1] else _APP


def _jobs(plan: Plan) -> dict[str, str]:
    """For each workload that a job and its dependants join to others, the first name of them all."""
    names = {workload.id: workload.identity for workload in plan.workloads if isinstance(workload, Job)}
    groups: dict[str, set[str]] = {}
    for workload in plan.workloads:
        together = {workload.identity} | {names[needed] for needed in workload.depends_on if needed in names}
        for name in sorted(together):
            together |= groups.get(name, set())
        for name in together:
            groups[name] = together
    return {name: min(together) for name, together in groups.items() if len(together) > 1}
