"""What would change between two templates, or by CloudFormation's own word, in Compose's words.

    files       ── against_files ───┐
                                    ├─ comparison ─┐
    the account ── against_account ─┤              ├─▶ StackDifference, one a stack ─▶ report
                                    └─ change_set ─┘

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
