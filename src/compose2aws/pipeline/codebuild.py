"""CodeBuild: the builds of a pipeline, and the roles that they have."""

from __future__ import annotations

import shlex
from typing import Any

from compose2aws.pipeline.model import Pipeline, Variable
from compose2aws.pipeline.permissions import deployment_statements, difference_statements
from compose2aws.pipeline.quoting import filled, words
from compose2aws.pipeline.role_template import DEPLOY_SECONDS, role_with_policies
from compose2aws.pipeline.steps import APPROVAL, MINUTES, project_words, requirement, unset_lines
from compose2aws.planning.identity import variable_id

# The build's credentials as a profile: a compose file that takes AWS_ACCESS_KEY_ID must not change whose they are.
_PROFILE = """\
cat > /tmp/aws-credentials <<'SCRIPT'
#!/bin/sh
curl --fail --silent --show-error "http://169.254.170.2$AWS_CONTAINER_CREDENTIALS_RELATIVE_URI" |
  jq '{Version: 1, AccessKeyId, SecretAccessKey, SessionToken: .Token, Expiration}'
SCRIPT
chmod +x /tmp/aws-credentials
printf '[profile compose2aws]\\ncredential_process = /tmp/aws-credentials\\n' > /tmp/aws-config
export AWS_CONFIG_FILE=/tmp/aws-config
"""


def build_roles(pipeline: Pipeline) -> dict[str, Any]:
    """The builds' roles: what a build needs of the pipeline, and what the command needs of AWS."""
    build = [
        allow(["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": ["Logs", "Arn"]}),
        allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], {"Fn::Sub": "${Artefacts.Arn}/*"}),
        allow(["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], {"Fn::GetAtt": ["Key", "Arn"]}),
        allow(
            [
                f"{service}:{action}"
                for service in ("codeconnections", "codestar-connections")
                for action in ("GetConnection", "GetConnectionToken", "UseConnection")
            ],
            {"Ref": "Connection"},
        ),
    ]
    arn = "arn:${AWS::Partition}:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:"
    secret = {"Fn::Sub": f"{arn}{secret_name(pipeline)}-??????"}
    secrets = [allow(["secretsmanager:GetSecretValue"], secret)] if secret_variables(pipeline) else []
    return {
        **role_with_policies(
            "DifferenceRole",
            f"Compares {pipeline.project} with what is deployed; reads templates, no data and no secret.",
            service_trust("codebuild", "codebuild:${AWS::Region}:${AWS::AccountId}:project/*"),
            [*build, *difference_statements(pipeline)],
        ),
        **role_with_policies(
            "DeployRole",
            f"Deploys {pipeline.project}: changes its stacks, and their resources through CloudFormation alone.",
            service_trust("codebuild", "codebuild:${AWS::Region}:${AWS::AccountId}:project/*"),
            [*build, *secrets, *deployment_statements(pipeline)],
            seconds=DEPLOY_SECONDS,
        ),
    }


def build_projects(pipeline: Pipeline) -> dict[str, Any]:
    """The builds: of a pull request, of the pipeline's comparison, of its deployment."""
    compare = _difference_buildspec(pipeline)
    events = "PULL_REQUEST_CREATED,PULL_REQUEST_UPDATED,PULL_REQUEST_REOPENED"
    pull_request = _project(pipeline, "compares pull requests", "DifferenceRole", public_variables(pipeline))
    pull_request["Properties"] |= {
        "Artifacts": {"Type": "NO_ARTIFACTS"},
        "Source": {
            "Type": "GITHUB",
            "Location": {"Fn::Sub": "https://github.com/${Repository}.git"},
            "Auth": {"Type": "CODECONNECTIONS", "Resource": {"Ref": "Connection"}},
            "BuildSpec": compare,
            "ReportBuildStatus": True,
        },
        "Triggers": {
            "Webhook": True,
            "FilterGroups": [
                [
                    {"Type": "EVENT", "Pattern": events},
                    {"Type": "BASE_REF", "Pattern": {"Fn::Sub": "^refs/heads/${Branch}$"}},
                ]
            ],
            # A fork's pull request is built once a maintainer says so.
            "PullRequestBuildPolicy": {"RequiresCommentApproval": "FORK_PULL_REQUESTS"},
        },
    }
    difference = _project(pipeline, "compares", "DifferenceRole", public_variables(pipeline))
    difference["Properties"] |= _in_pipeline(compare)
    deploy = _project(pipeline, "deploys", "DeployRole", public_variables(pipeline), builds=pipeline.images.are_built)
    deploy["Properties"] |= _in_pipeline(_deploy_buildspec(pipeline))
    deploy["Properties"]["TimeoutInMinutes"] = MINUTES
    return {"PullRequestProject": pull_request, "DifferenceProject": difference, "DeployProject": deploy}


def _project(
    pipeline: Pipeline, what: str, role: str, variables: list[Variable], *, builds: bool = False
) -> dict[str, Any]:
    arm = builds and pipeline.images.are_arm
    project: dict[str, Any] = {"Type": "AWS::CodeBuild::Project"}
    if builds:
        project["Metadata"] = checkov_skip("CKV_AWS_316", "Docker builds images in it")
    project["Properties"] = {
        "Description": f"The pipeline of {pipeline.project}: {what}.",
        "ServiceRole": {"Fn::GetAtt": [role, "Arn"]},
        "EncryptionKey": {"Fn::GetAtt": ["Key", "Arn"]},
        "TimeoutInMinutes": 15,
        "Environment": {
            "Type": "ARM_CONTAINER" if arm else "LINUX_CONTAINER",
            "ComputeType": "BUILD_GENERAL1_SMALL",
            "Image": "aws/codebuild/amazonlinux-aarch64-standard:3.0"
            if arm
            else "aws/codebuild/amazonlinux-x86_64-standard:5.0",
            "PrivilegedMode": builds,
            "EnvironmentVariables": [
                {"Name": variable.name, "Type": "PLAINTEXT", "Value": {"Ref": parameter_name(variable)}}
                for variable in variables
            ],
        },
        "LogsConfig": {"CloudWatchLogs": {"Status": "ENABLED", "GroupName": {"Ref": "Logs"}}},
    }
    return project


def _in_pipeline(buildspec: str) -> dict[str, Any]:
    return {"Artifacts": {"Type": "CODEPIPELINE"}, "Source": {"Type": "CODEPIPELINE", "BuildSpec": buildspec}}


def _difference_buildspec(pipeline: Pipeline) -> str:
    values = _common(pipeline, lint=True) | {
        "approval": shlex.quote(APPROVAL),
        "unset": unset_lines(public_variables(pipeline)),
    }
    return filled("buildspec-difference.yml", values)


def _deploy_buildspec(pipeline: Pipeline) -> str:
    lines = [f"  {one.name}: {secret_name(pipeline)}:{one.stored}\n" for one in secret_variables(pipeline)]
    emulation = "docker run --privileged --rm tonistiigi/binfmt --install arm64\n"
    values = _common(pipeline, lint=False) | {
        "secrets": "secrets-manager:\n" + "".join(lines) if lines else "",
        "unset": unset_lines(pipeline.variables),
        "emulation": emulation if pipeline.images.need_emulation else "",
    }
    return filled("buildspec-deploy.yml", values)


def _common(pipeline: Pipeline, *, lint: bool) -> dict[str, str]:
    return {
        "requirement": requirement(pipeline, lint=lint),
        "options": project_words(pipeline),
        "directory": "" if pipeline.directory == "." else f"cd {words([pipeline.directory])}\n",
        "profile": _PROFILE,
    }


def allow(actions: list[str], resource: Any) -> dict[str, Any]:
    """A statement."""
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def service_trust(service: str, source: str) -> dict[str, Any]:
    """Who takes a role: a service (`codebuild`), for resources of this account whose ARN is like `source`."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}},
                    "ArnLike": {"aws:SourceArn": {"Fn::Sub": "arn:${AWS::Partition}:" + source}},
                },
            }
        ],
    }


def checkov_skip(check: str, comment: str) -> dict[str, Any]:
    """The metadata by which checkov leaves a check out, and why."""
    return {"checkov": {"skip": [{"id": check, "comment": comment}]}}


def public_variables(pipeline: Pipeline) -> list[Variable]:
    """What the parameters of the template hold."""
    return [variable for variable in pipeline.variables if not variable.secret]


def secret_variables(pipeline: Pipeline) -> list[Variable]:
    """What the secret of the pipeline holds."""
    return [variable for variable in pipeline.variables if variable.secret]


def parameter_name(variable: Variable) -> str:
    """The parameter of the template that holds a variable."""
    return f"Variable{variable_id(variable.name)}"


def secret_name(pipeline: Pipeline) -> str:
    """The secret of Secrets Manager from which a deployment takes the project's secret variables, by name."""
    return f"{pipeline.prefix}/pipeline"


def log_group(pipeline: Pipeline) -> str:
    """Where the builds write."""
    return f"/compose2aws/pipeline/{pipeline.prefix}"
