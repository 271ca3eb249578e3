"""CPU and memory of a task: what its containers ask for, rounded up to a size that Fargate offers.

Source of the table: Amazon ECS Developer Guide, "Task definition parameters for Fargate", task size; 2026-11.
"""

from __future__ import annotations

_GB = 1024


def _steps(first: int, last: int, by: int = 1) -> tuple[int, ...]:
    return tuple(size * _GB for size in range(first, last + 1, by))


# CPU units → memory in MiB
FARGATE_SIZES: dict[int, tuple[int, ...]] = {
    256: (512, *_steps(1, 2)),
    512: _steps(1, 4),
    1024: _steps(2, 8),
    2048: _steps(4, 16),
    4096: _steps(8, 30),
    8192: _steps(16, 60, 4),
    16384: _steps(32, 120, 8),
    32768: (60 * _GB, 120 * _GB, 244 * _GB),
}


def fargate_size(cpu: int, memory: int) -> tuple[int, int] | None:
    """The smallest size with at least `cpu` units and `memory` MiB; None where Fargate has none."""
    for units, memories in FARGATE_SIZES.items():
        fitting = [m for m in memories if m >= memory]
        if units >= cpu and fitting:
            return units, fitting[0]
    return None
