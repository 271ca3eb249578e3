"""`compose2aws schema`: the JSON Schema of `x-aws`, for editors."""

from __future__ import annotations

import click

from compose2aws.cli.terminal import say


@click.command(short_help="Print the JSON Schema of x-aws, for editors.")
def schema() -> None:
    """Print the JSON Schema of a compose file with x-aws, for editors to check and complete it.

    Everything else in the file is free in it, so that it stands beside the Compose Specification's own.
    docs/how-to/editor-completion.md tells how VS Code and the JetBrains editors take it.
    """
    import json

    from compose2aws.catalog.editor_schema import editor_schema

    say(json.dumps(editor_schema(), indent=2, ensure_ascii=False))
