"""The command line: one module a command. A command parses its options, calls one function and prints.

Exit codes: 0 done; 1 the input is refused, with the reason on stderr; 2 wrong usage; 130 interrupted, 143 and 129 by
SIGTERM and SIGHUP. Results go to stdout, everything else to stderr.
"""

from __future__ import annotations

import sys
from typing import NoReturn

__all__ = ["main"]


def main() -> NoReturn:
    """The console script."""
    try:
        from compose2aws.cli.program import run

        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # so early that nothing was set up yet
        code = 130
    sys.exit(code)
