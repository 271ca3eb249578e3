"""What would change between two templates, or by CloudFormation's own word, in Compose's words.

    two templates ─── comparison ──┐
    a change set  ── change_set ───┼─▶ StackDifference, one a stack ─▶ report
    `synth -o DIR` ── folder ──┐   │
    the account ───── deployed ┴───┘

`comparison` asks nobody; what AWS does with a changed property are tables (`behaviour`).
"""

from compose2aws.delivery.difference.comparison import compare
from compose2aws.delivery.difference.model import (
    Action,
    Change,
    Effect,
    PropertyChange,
    Replacement,
    StackDifference,
)

__all__ = ["Action", "Change", "Effect", "PropertyChange", "Replacement", "StackDifference", "compare"]
