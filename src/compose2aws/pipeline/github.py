"""GitHub Actions: one workflow, and the roles it takes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from compose2aws.pipeline.model import Output, Pipeline, Variable
from compose2aws.pipeline.quoting import filled, scalar
from compose2aws.pipeline.role_template import DEPLOY_SECONDS, role_template
from compose2aws.pipeline.steps import (
    APPROVAL,
    MINUTES,
    may_stay_unset,
    project_words,
    requirement,
    unset_lines,
    with_header,
)

WORKFLOW = ".github/workflows/compose2aws.yml"

# Each release's commit, as its repository has it (2026-11-21).
_CHECKOUT = "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1"
_PYTHON = "actions/setup-python@5fda3b95a4ea91299a34e894583c3862153e4b97 # v7.0.0"
_CREDENTIALS = "aws-actions/configure-aws-credentials@e6de054238d6b7531b4efff3b6587d9aade6a06c # v6.2.3"
_BUILDX = "docker/setup-buildx-action@37fe631027851001ddb9b187196cc803df7f5f0e # v4.3.0"
_QEMU = "docker/setup-qemu-action@96fe6ef7f33517b61c61be40b68a1882f3264fb8 # v4.2.0"


def github(pipeline: Pipeline) -> Output:
    """The workflow and the template of its roles. Raises `PipelineError`."""
    compared = [variable for variable in pipeline.variables if not (variable.secret and variable.required)]
    values = {
        "name": scalar(f"compose2aws {pipeline.project}"),
        "group": pipeline.prefix,
        "branch": scalar(pipeline.branch),
        "branch_comment": pipeline.branch,
        "region": scalar(pipeline.region) if pipeline.region else "${{ vars.AWS_REGION }}",
        "directory": scalar(pipeline.directory),
        "environment": scalar(pipeline.environment),
        "options": project_words(pipeline),
        "credentials": _CREDENTIALS,
        "approval": shlex.quote(APPROVAL),
        "minutes": str(MINUTES),
        "runner": "ubuntu-24.04-arm" if pipeline.images.are_arm else "ubuntu-24.04",
        "setup": _setup(pipeline, lint=False),
        "setup_lint": _setup(pipeline, lint=True),
        "buildx": _buildx(pipeline),
        "deploy_role": _DEPLOY_ROLE,
        "variables": _environment(compared, values=False),
        "secrets": _environment(pipeline.variables),
        "unset": unset_lines(compared),
        "unset_all": unset_lines(pipeline.variables),
    }
    workflow = with_header(filled("github.yml", values), "github")
    role = f"{pipeline.prefix}-deploy-role.template.yaml"
    files = {WORKFLOW: workflow, role: with_header(role_template(pipeline), "github")}
    return Output(files, _next_steps(pipeline, role))


def _setup(pipeline: Pipeline, *, lint: bool) -> str:
    return f"""\
- uses: {_CHECKOUT}
  with:
    persist-credentials: false
- uses: {_PYTHON}
  with:
    python-version: "3.13"
    cache: pip
    cache-dependency-path: {WORKFLOW}
- name: Install compose2aws
  run: pip install --disable-pip-version-check {requirement(pipeline, lint=lint)}
"""


def _buildx(pipeline: Pipeline) -> str:
    """What builds need. Images whose inputs did not change are not built at all, so layers are not cached besides."""
    if not pipeline.images.are_built:
        return ""
    emulation = f"- uses: {_QEMU}\n" if pipeline.images.need_emulation else ""
    return f"{emulation}- uses: {_BUILDX}\n"


_DEPLOY_ROLE = f"""\
- name: Take the role that deploys
  uses: {_CREDENTIALS}
  with:
    role-to-assume: ${{{{ vars.AWS_DEPLOY_ROLE }}}}
    role-duration-seconds: {DEPLOY_SECONDS}
    aws-region: ${{{{ env.AWS_REGION }}}}
    aws-profile: compose2aws
"""


def _environment(variables: Sequence[Variable], *, values: bool = True) -> str:
    """The environment of a step. Without `values` a secret is a word in its place: a comparison needs to know whether
    it is set, as templates hang on that, and CloudFormation shows no secret that it could be held against."""
    if not variables:
        return ""
    lines = ["env:"]
    for variable in variables:
        source = f"{'secrets' if variable.secret else 'vars'}.{variable.stored}"
        if variable.secret and not values:
            source += " && 'given'"
        lines.append(f"  {variable.name}: ${{{{ {source} }}}}")
    return "\n".join(lines) + "\n"


def _next_steps(pipeline: Pipeline, role: str) -> str:
    stack = f"{pipeline.prefix}-deploy-role"
    repository = pipeline.repository or "OWNER/NAME"
    region = f" --region {shlex.quote(pipeline.region)}" if pipeline.region else ""
    lines = [
        "Next, once:",
        "1. Make the roles, with credentials that may (a person's own), and tell GitHub of them:",
        f"     aws cloudformation deploy{region} --stack-name {stack} --template-file {role} \\",
        f"       --capabilities CAPABILITY_IAM --parameter-overrides Repository={repository}",
        f"     aws cloudformation describe-stacks{region} --stack-name {stack} --query 'Stacks[0].Outputs'",
        "     gh variable set AWS_DIFFERENCE_ROLE --body ARN",
        "     gh variable set AWS_DEPLOY_ROLE --body ARN",
    ]
    if not pipeline.region:
        lines.append("     gh variable set AWS_REGION --body REGION")
    lines += [
        "   An account that has a provider for token.actions.githubusercontent.com: add ProviderArn=ARN.",
        "   Tokens of repositories made or renamed since 15 July 2026 hold ids, and so must Repository: it is",
        "   what this prints:",
        f"     gh api repos/{repository} --jq '\"\\(.owner.login)@\\(.owner.id)/\\(.name)@\\(.id)\"'",
        f"2. Make the environment {pipeline.environment!r} (Settings, Environments) and give it required reviewers:",
        "   they approve what replaces or loses data. Without reviewers nothing waits.",
        f"3. Protect {pipeline.branch}: whoever can push to it deploys.",
    ]
    if pipeline.variables:
        lines.append("4. Set what the compose files take from the environment:")
        for variable in pipeline.variables:
            kind = "secret" if variable.secret else "variable"
            content = f" < {shlex.quote(variable.file)}" if variable.file else ""
            lines.append(f"     gh {kind} set {variable.stored}{content}{may_stay_unset(variable, '  # ')}")
    lines.append("Then commit the files. docs/how-to/continuous-delivery.md tells the rest.")
    return "\n".join(lines)
