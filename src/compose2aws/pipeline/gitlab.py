"""GitLab CI: a file to include, and the roles that its jobs take."""

from __future__ import annotations

import shlex

from compose2aws.pipeline.model import Output, Pipeline
from compose2aws.pipeline.quoting import filled, scalar, words
from compose2aws.pipeline.role_template import DEPLOY_SECONDS, role_template
from compose2aws.pipeline.steps import APPROVAL, MINUTES, may_stay_unset, project_words, requirement, with_header

JOBS = ".gitlab-ci.compose2aws.yml"

_DOCKER = """\
image: docker:29-cli
services:
  - name: docker:29-dind
    alias: docker
"""
_DOCKER_VARIABLES = """\
DOCKER_HOST: tcp://docker:2376
DOCKER_TLS_CERTDIR: /certs
DOCKER_CERT_PATH: /certs/client
DOCKER_TLS_VERIFY: "1"
"""


def gitlab(pipeline: Pipeline) -> Output:
    """The jobs and the template of their roles. Raises `PipelineError`."""
    images = pipeline.images
    arm = ["tags: [saas-linux-small-arm64] # the images are for ARM\n"] if images.are_arm else []
    values = {
        "branch": pipeline.branch,
        "branch_comment": pipeline.branch,
        "region": f"AWS_REGION: {scalar(pipeline.region)}\n" if pipeline.region else "",
        "version": pipeline.version,
        "requirement": requirement(pipeline, lint=True),
        "directory": "" if pipeline.directory == "." else f"- |\n  cd {words([pipeline.directory])}\n",
        "environment": scalar(pipeline.environment),
        "options": project_words(pipeline),
        "group": pipeline.prefix,
        "approval": shlex.quote(APPROVAL),
        "minutes": str(MINUTES),
        "seconds": str(DEPLOY_SECONDS),
        "docker": "".join([_DOCKER, *arm]) if images.are_built else "",
        "docker_variables": _DOCKER_VARIABLES if images.are_built else "",
        "emulation": "- docker run --privileged --rm tonistiigi/binfmt --install arm64\n"
        if images.need_emulation
        else "",
    }
    role = f"{pipeline.prefix}-deploy-role.template.yaml"
    files = {
        JOBS: with_header(filled("gitlab.yml", values), "gitlab"),
        role: with_header(role_template(pipeline, pipeline.host), "gitlab"),
    }
    return Output(files, _next_steps(pipeline, role))


def _next_steps(pipeline: Pipeline, role: str) -> str:
    stack = f"{pipeline.prefix}-deploy-role"
    region = f" --region {shlex.quote(pipeline.region)}" if pipeline.region else ""
    repository = pipeline.repository or "GROUP/PROJECT"
    lines = [
        "Next, once:",
        "1. Make the roles, with credentials that may (a person's own):",
        f"     aws cloudformation deploy{region} --stack-name {stack} --template-file {role} \\",
        f"       --capabilities CAPABILITY_IAM --parameter-overrides Repository={repository}",
        f"     aws cloudformation describe-stacks{region} --stack-name {stack} --query 'Stacks[0].Outputs'",
        f"   An account that has a provider for {pipeline.host}: add ProviderArn=ARN.",
        "2. Set these under Settings, CI/CD, Variables:",
        "     AWS_DIFFERENCE_ROLE     the ARN of the first role",
        "     AWS_DEPLOY_ROLE         the ARN of the second; protected",
    ]
    if not pipeline.region:
        lines.append("     AWS_REGION              where the project is deployed")
    lines.append(
        "     COMPOSE2AWS_NOTE_TOKEN  a project access token with the scope api, for notes; masked; may stay unset"
    )
    for variable in pipeline.variables:
        of = f"what {variable.file} holds" if variable.file else "of the compose files"
        kept = ("; protected" if variable.file else "; masked and protected") if variable.secret else ""
        lines.append(f"     {variable.name:<23} {of}{kept}{may_stay_unset(variable, '; ')}")
    lines += [
        f"3. Protect the branch {pipeline.branch} and the environment {pipeline.environment!r}: its approvers alone",
        "   then start what replaces or loses data.",
        "4. Name the file in .gitlab-ci.yml, and commit both:",
        f"     include: [{{local: {JOBS}}}]",
        "docs/how-to/continuous-delivery.md tells the rest.",
    ]
    return "\n".join(lines)
