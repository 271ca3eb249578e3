"""The command `compose2aws`, and what becomes of an exception that a command lets out."""

from __future__ import annotations

from collections.abc import Sequence

import click

from compose2aws import __version__
from compose2aws.cli import (
    config,
    deploy,
    destroy,
    diff,
    explain,
    graph,
    logs,
    outputs,
    pipeline,
    rehearse,
    status,
    synth,
    tunnel,
)
from compose2aws.cli.exec import exec_
from compose2aws.cli.failure import tell
from compose2aws.cli.interruption import exit_code, interruptible
from compose2aws.cli.project_options import project_options
from compose2aws.cli.run import run_
from compose2aws.cli.schema import schema
from compose2aws.cli.terminal import close_streams, prepare_streams


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s")
@project_options
def program() -> None:
    """An unchanged docker-compose.yml, as a production system on AWS, in plain CloudFormation.

    The options that say which project is meant stand before the command, as docker's do, or after it.
    """


for _command in (
    synth.synth,
    explain.explain,
    config.config,
    diff.diff,
    deploy.deploy,
    destroy.destroy,
    graph.graph,
    status.status,
    outputs.outputs,
    logs.logs,
    exec_,
    run_,
    tunnel.tunnel,
    pipeline.pipeline,
    rehearse.rehearse,
    schema,
):
    program.add_command(_command)


def run(arguments: Sequence[str]) -> int:
    """Runs the command and gives its exit code. No exception gets out but those that end the interpreter."""
    prepare_streams()
    try:
        with interruptible():
            result = program.main(arguments, prog_name="compose2aws", standalone_mode=False)
        code = result if isinstance(result, int) else 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else 1
    except (KeyboardInterrupt, click.Abort) as interruption:
        code = exit_code(interruption)
    except Exception as error:
        code = tell(error)
        if isinstance(error, click.UsageError) and {"diff", "--detailed-exitcode"} <= set(arguments):
            code = 1  # 2 says there that something would change
    return close_streams(code)
