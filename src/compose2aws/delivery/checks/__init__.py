"""Before anything is touched: one look for what would stop a deployment half-way, all of it at once.

Each check is a function of a `Situation` in a module of its own, and tells findings. They run side by side, each call
with a short time limit; what cannot be asked (no right, no network) is a warning and stops nothing.
"""

from compose2aws.delivery.checks.running import CHECKS, check_all, checks, line_of
from compose2aws.delivery.checks.situation import Situation, positions_of

__all__ = ["CHECKS", "Situation", "check_all", "checks", "line_of", "positions_of"]
