"""CodePipeline: one template with the pipeline, its builds and their roles."""

from __future__ import annotations

import json
import shlex
from typing import Any

from compose2aws.cloudformation.writing import text_of
from compose2aws.pipeline.model import Output, Pipeline, Variable
from compose2aws.pipeline.permissions import deployment_statements, difference_statements
from compose2aws.pipeline.quoting import filled, words
from compose2aws.pipeline.role_template import DEPLOY_SECONDS, role_with_policies
from compose2aws.pipeline.steps import APPROVAL, MINUTES, project_words, requirement, unset_lines, with_header
from compose2aws.planning.identity import variable_id

_RETENTION_DAYS = 90
_ARTEFACT_DAYS = 30

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


def codepipeline(pipeline: Pipeline) -> Output:
    """The template. Raises `PipelineError`."""
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The pipeline that compares and deploys {pipeline.project}. Made by compose2aws pipeline.",
        "Parameters": _parameters(pipeline),
        "Resources": {
            **_storage(pipeline),
            **_build_roles(pipeline),
            **_projects(pipeline),
            **_pipeline(pipeline),
        },
        "Outputs": {"PipelineName": {"Description": "The pipeline.", "Value": {"Ref": "Pipeline"}}},
    }
    file = f"{pipeline.prefix}-pipeline.template.yaml"
    return Output({file: with_header(text_of(template, "yaml"), "codepipeline")}, _next_steps(pipeline, file))


def secret_name(pipeline: Pipeline) -> str:
    """The secret of Secrets Manager from which a deployment takes the project's secret variables, by name."""
    return f"{pipeline.prefix}/pipeline"


def _parameters(pipeline: Pipeline) -> dict[str, Any]:
    parameters: dict[str, Any] = {
        "Connection": {
            "Type": "String",
            "Description": "The ARN of a connection to GitHub (Developer Tools, Settings, Connections).",
            "AllowedPattern": r"arn:[\w-]+:(codeconnections|codestar-connections):[\w-]+:\d{12}:connection/.+",
        },
        "Repository": {
            "Type": "String",
            "Description": "OWNER/NAME.",
            "AllowedPattern": r"[\w.-]+/[\w.-]+",
            **({"Default": pipeline.repository} if pipeline.repository else {}),
        },
        "Branch": {
            "Type": "String",
            "Default": pipeline.branch,
            "Description": "The branch that is deployed.",
            "AllowedPattern": r"[\w./@+-]+",
        },
    }
    for variable in _public(pipeline):
        parameters[_parameter(variable)] = {
            "Type": "String",
            "Default": "",
            "Description": f"The variable {variable.name} of the compose files. Empty is not set.",
        }
    return parameters


def _parameter(variable: Variable) -> str:
    return f"Variable{variable_id(variable.name)}"


def _public(pipeline: Pipeline) -> list[Variable]:
    return [variable for variable in pipeline.variables if not variable.secret]


def _secret(pipeline: Pipeline) -> list[Variable]:
    return [variable for variable in pipeline.variables if variable.secret]


def _storage(pipeline: Pipeline) -> dict[str, Any]:
    """Where artefacts and logs lie, under a key of their own."""
    root = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    logs = {
        "Fn::Sub": f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{_log_group(pipeline)}"
    }
    key_policy = [
        {"Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"},
        {
            "Effect": "Allow",
            "Principal": {"Service": {"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"}},
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            "Resource": "*",
            "Condition": {"ArnEquals": {"kms:EncryptionContext:aws:logs:arn": logs}},
        },
    ]
    return {
        "Key": {
            "Type": "AWS::KMS::Key",
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "Description": f"Artefacts and logs of the pipeline of {pipeline.project}.",
                "EnableKeyRotation": True,
                "KeyPolicy": {"Version": "2012-10-17", "Statement": key_policy},
            },
        },
        "Artefacts": {
            "Type": "AWS::S3::Bucket",
            "Metadata": _skip(
                "CKV_AWS_18", "It holds copies of the repository for a month; CloudTrail tells who reads"
            ),
            "DeletionPolicy": "Retain",
            "UpdateReplacePolicy": "Retain",
            "Properties": {
                "BucketEncryption": {
                    "ServerSideEncryptionConfiguration": [
                        {
                            "BucketKeyEnabled": True,
                            "ServerSideEncryptionByDefault": {
                                "SSEAlgorithm": "aws:kms",
                                "KMSMasterKeyID": {"Fn::GetAtt": ["Key", "Arn"]},
                            },
                        }
                    ]
                },
                "LifecycleConfiguration": {
                    "Rules": [
                        {
                            "Status": "Enabled",
                            "ExpirationInDays": _ARTEFACT_DAYS,
                            "NoncurrentVersionExpiration": {"NoncurrentDays": _ARTEFACT_DAYS},
                            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
                        }
                    ]
                },
                "PublicAccessBlockConfiguration": {
                    "BlockPublicAcls": True,
                    "BlockPublicPolicy": True,
                    "IgnorePublicAcls": True,
                    "RestrictPublicBuckets": True,
                },
                "VersioningConfiguration": {"Status": "Enabled"},
            },
        },
        "ArtefactsPolicy": {
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {
                "Bucket": {"Ref": "Artefacts"},
                "PolicyDocument": {
                    "Version": "2012-10-17",
                    "Statement": [
                        {
                            "Effect": "Deny",
                            "Principal": "*",
                            "Action": "s3:*",
                            "Resource": _bucket(),
                            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                        }
                    ],
                },
            },
        },
        "Logs": {
            "Type": "AWS::Logs::LogGroup",
            "DeletionPolicy": "Delete",
            "UpdateReplacePolicy": "Delete",
            "Properties": {
                "LogGroupName": _log_group(pipeline),
                "RetentionInDays": _RETENTION_DAYS,
                "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
            },
        },
    }


def _log_group(pipeline: Pipeline) -> str:
    return f"/compose2aws/pipeline/{pipeline.prefix}"


def _bucket() -> list[Any]:
    return [{"Fn::GetAtt": ["Artefacts", "Arn"]}, {"Fn::Sub": "${Artefacts.Arn}/*"}]


def _skip(check: str, comment: str) -> dict[str, Any]:
    return {"checkov": {"skip": [{"id": check, "comment": comment}]}}


def _build_roles(pipeline: Pipeline) -> dict[str, Any]:
    """The builds' roles: what a build needs of the pipeline, and what the command needs of AWS."""
    build = [
        _allow(["logs:CreateLogStream", "logs:PutLogEvents"], {"Fn::GetAtt": ["Logs", "Arn"]}),
        _allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], {"Fn::Sub": "${Artefacts.Arn}/*"}),
        _allow(["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], {"Fn::GetAtt": ["Key", "Arn"]}),
        _allow(
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
    secrets = [_allow(["secretsmanager:GetSecretValue"], secret)] if _secret(pipeline) else []
    return {
        **role_with_policies(
            "DifferenceRole",
            f"Compares {pipeline.project} with what is deployed; reads templates, no data and no secret.",
            _trust("codebuild", "codebuild:${AWS::Region}:${AWS::AccountId}:project/*"),
            [*build, *difference_statements(pipeline)],
        ),
        **role_with_policies(
            "DeployRole",
            f"Deploys {pipeline.project}: changes its stacks, and their resources through CloudFormation alone.",
            _trust("codebuild", "codebuild:${AWS::Region}:${AWS::AccountId}:project/*"),
            [*build, *secrets, *deployment_statements(pipeline)],
            seconds=DEPLOY_SECONDS,
        ),
    }


def _allow(actions: list[str], resource: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": resource}


def _trust(service: str, source: str) -> dict[str, Any]:
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


def _projects(pipeline: Pipeline) -> dict[str, Any]:
    """The builds: of a pull request, of the pipeline's comparison, of its deployment."""
    compare = _difference_buildspec(pipeline)
    events = "PULL_REQUEST_CREATED,PULL_REQUEST_UPDATED,PULL_REQUEST_REOPENED"
    pull_request = _project(pipeline, "compares pull requests", "DifferenceRole", _public(pipeline))
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
    difference = _project(pipeline, "compares", "DifferenceRole", _public(pipeline))
    difference["Properties"] |= _in_pipeline(compare)
    deploy = _project(pipeline, "deploys", "DeployRole", _public(pipeline), builds=pipeline.images.are_built)
    deploy["Properties"] |= _in_pipeline(_deploy_buildspec(pipeline))
    deploy["Properties"]["TimeoutInMinutes"] = MINUTES
    return {"PullRequestProject": pull_request, "DifferenceProject": difference, "DeployProject": deploy}


def _project(
    pipeline: Pipeline, what: str, role: str, variables: list[Variable], *, builds: bool = False
) -> dict[str, Any]:
    arm = builds and pipeline.images.are_arm
    project: dict[str, Any] = {"Type": "AWS::CodeBuild::Project"}
    if builds:
        project["Metadata"] = _skip("CKV_AWS_316", "Docker builds images in it")
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
                {"Name": variable.name, "Type": "PLAINTEXT", "Value": {"Ref": _parameter(variable)}}
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
        "unset": unset_lines(_public(pipeline)),
    }
    return filled("buildspec-difference.yml", values)


def _deploy_buildspec(pipeline: Pipeline) -> str:
    lines = [f"  {one.name}: {secret_name(pipeline)}:{one.stored}\n" for one in _secret(pipeline)]
    emulation = "docker run --privileged --rm tonistiigi/binfmt --install arm64\n"
    values = _common(pipeline, lint=False) | {
        "secrets": "secrets-manager:\n" + "".join(lines) if lines else "",
        "unset": unset_lines(pipeline.variables),
        "emulation": emulation if pipeline.images.need_emulation else "",
    }
    return filled("buildspec-deploy.yml", values)


def _common(pipeline: Pipeline, *, lint: bool) -> dict[str, str]:
    return {
        "requirement": requirement(pipeline.version, lint=lint),
        "options": project_words(pipeline),
        "directory": "" if pipeline.directory == "." else f"cd {words([pipeline.directory])}\n",
        "profile": _PROFILE,
    }


def _pipeline(pipeline: Pipeline) -> dict[str, Any]:
    projects = [{"Fn::GetAtt": [name, "Arn"]} for name in ("DifferenceProject", "DeployProject")]
    statements = [
        _allow(["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"], projects),
        _allow(["codeconnections:UseConnection", "codestar-connections:UseConnection"], {"Ref": "Connection"}),
        _allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], {"Fn::Sub": "${Artefacts.Arn}/*"}),
        _allow(
            ["s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"], {"Fn::GetAtt": ["Artefacts", "Arn"]}
        ),
        _allow(["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], {"Fn::GetAtt": ["Key", "Arn"]}),
    ]
    role = role_with_policies(
        "PipelineRole",
        f"Runs the pipeline of {pipeline.project}.",
        _trust("codepipeline", "codepipeline:${AWS::Region}:${AWS::AccountId}:*"),
        statements,
    )
    approval = json.dumps([{"name": "APPROVAL", "value": "#{Difference.APPROVAL}", "type": "PLAINTEXT"}])
    stages = [
        {
            "Name": "Source",
            "Actions": [
                _action(
                    "Source",
                    ("Source", "CodeStarSourceConnection"),
                    {
                        "ConnectionArn": {"Ref": "Connection"},
                        "FullRepositoryId": {"Ref": "Repository"},
                        "BranchName": {"Ref": "Branch"},
                        # A clone: an archive would lose the modes of files, which are in images.
                        "OutputArtifactFormat": "CODEBUILD_CLONE_REF",
                        "DetectChanges": "false",
                    },
                    gives="Repository",
                )
            ],
        },
        {
            "Name": "Difference",
            "Actions": [
                _action(
                    "Compare",
                    ("Build", "CodeBuild"),
                    {"ProjectName": {"Ref": "DifferenceProject"}},
                    takes="Repository",
                    namespace="Difference",
                )
            ],
        },
        {
            "Name": "Approval",
            # Nobody is asked where nothing that holds data is replaced or removed.
            "BeforeEntry": {
                "Conditions": [
                    {
                        "Result": "SKIP",
                        "Rules": [
                            {
                                "Name": "LosesData",
                                "RuleTypeId": {
                                    "Category": "Rule",
                                    "Owner": "AWS",
                                    "Provider": "VariableCheck",
                                    "Version": "1",
                                },
                                "Configuration": {
                                    "Variable": "#{Difference.APPROVAL}",
                                    "Value": "true",
                                    "Operator": "EQ",
                                },
                            }
                        ],
                    }
                ]
            },
            "Actions": [
                _action(
                    "Approve",
                    ("Approval", "Manual"),
                    {"CustomData": "This replaces or removes what holds data: the log of Compare says what."},
                )
            ],
        },
        {
            "Name": "Deploy",
            "Actions": [
                _action(
                    "Deploy",
                    ("Build", "CodeBuild"),
                    {"ProjectName": {"Ref": "DeployProject"}, "EnvironmentVariables": approval},
                    takes="Repository",
                )
            ],
        },
    ]
    made = {
        "Type": "AWS::CodePipeline::Pipeline",
        "DependsOn": [name for name in role if name != "PipelineRole"],
        "Properties": {
            "PipelineType": "V2",
            # Deployments come one after the other, and none is cut off.
            "ExecutionMode": "QUEUED",
            "RoleArn": {"Fn::GetAtt": ["PipelineRole", "Arn"]},
            "ArtifactStore": {
                "Type": "S3",
                "Location": {"Ref": "Artefacts"},
                "EncryptionKey": {"Type": "KMS", "Id": {"Fn::GetAtt": ["Key", "Arn"]}},
            },
            "Triggers": [
                {
                    "ProviderType": "CodeStarSourceConnection",
                    "GitConfiguration": {
                        "SourceActionName": "Source",
                        "Push": [{"Branches": {"Includes": [{"Ref": "Branch"}]}}],
                    },
                }
            ],
            "Stages": stages,
        },
    }
    return {**role, "Pipeline": made}


def _action(
    name: str,
    kind: tuple[str, str],
    configuration: dict[str, Any],
    *,
    takes: str | None = None,
    gives: str | None = None,
    namespace: str | None = None,
) -> dict[str, Any]:
    category, provider = kind
    action: dict[str, Any] = {
        "Name": name,
        "ActionTypeId": {"Category": category, "Owner": "AWS", "Provider": provider, "Version": "1"},
        "Configuration": configuration,
    }
    if takes:
        action["InputArtifacts"] = [{"Name": takes}]
    if gives:
        action["OutputArtifacts"] = [{"Name": gives}]
    if namespace:
        action["Namespace"] = namespace
    return action


def _next_steps(pipeline: Pipeline, file: str) -> str:
    region = f" --region {shlex.quote(pipeline.region)}" if pipeline.region else ""
    lines = [
        "Next, once:",
        "1. Make a connection to GitHub (Developer Tools, Settings, Connections) and let it see the repository.",
    ]
    secrets = _secret(pipeline)
    if secrets:
        keys = json.dumps({variable.stored: "" for variable in secrets})
        lines += [
            "2. Put the secrets of the compose files into Secrets Manager: a file with these keys, all of them, empty",
            f"   where one has no value: {keys}",
            f"     aws secretsmanager create-secret{region} --name {secret_name(pipeline)} --secret-string file://FILE",
        ]
    step = 3 if secrets else 2
    overrides = f"Connection=ARN Repository={pipeline.repository or 'OWNER/NAME'}"
    lines += [
        f"{step}. Make the pipeline, with credentials that may (a person's own):",
        f"     aws cloudformation deploy{region} --stack-name {pipeline.prefix}-pipeline --template-file {file} \\",
        f"       --capabilities CAPABILITY_IAM --parameter-overrides {overrides}",
    ]
    for variable in _public(pipeline):
        empty = "" if variable.required else ", which may stay empty"
        lines.append(f"       add {_parameter(variable)}=… for {variable.name}{empty}")
    lines += [
        f"{step + 1}. Protect {pipeline.branch}: whoever can push to it deploys.",
        "docs/how-to/continuous-delivery.md tells the rest.",
    ]
    return "\n".join(lines)
