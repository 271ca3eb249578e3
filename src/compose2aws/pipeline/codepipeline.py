"""CodePipeline: one template with the pipeline, its builds and their roles."""

from __future__ import annotations

import json
import shlex
from typing import Any

from compose2aws.cloudformation.writing import text_of
from compose2aws.pipeline.codebuild import (
    allow,
    build_projects,
    build_roles,
    checkov_skip,
    log_group,
    parameter_name,
    public_variables,
    secret_name,
    secret_variables,
    service_trust,
)
from compose2aws.pipeline.model import Output, Pipeline
from compose2aws.pipeline.role_template import role_with_policies
from compose2aws.pipeline.steps import may_stay_unset, with_header

_RETENTION_DAYS = 90
_ARTEFACT_DAYS = 30


def codepipeline(pipeline: Pipeline) -> Output:
    """The template. Raises `PipelineError`."""
    template = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": f"The pipeline that compares and deploys {pipeline.project}. Made by compose2aws pipeline.",
        "Parameters": _parameters(pipeline),
        "Resources": {
            **_storage(pipeline),
            **build_roles(pipeline),
            **build_projects(pipeline),
            **_pipeline(pipeline),
        },
        "Outputs": {"PipelineName": {"Description": "The pipeline.", "Value": {"Ref": "Pipeline"}}},
    }
    file = f"{pipeline.prefix}-pipeline.template.yaml"
    return Output({file: with_header(text_of(template, "yaml"), "codepipeline")}, _next_steps(pipeline, file))


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
    for variable in public_variables(pipeline):
        parameters[parameter_name(variable)] = {
            "Type": "String",
            "Default": "",
            "Description": f"The variable {variable.name} of the compose files. Empty is not set.",
        }
    return parameters


def _storage(pipeline: Pipeline) -> dict[str, Any]:
    """Where artefacts and logs lie, under a key of their own."""
    root = {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}
    logs = {
        "Fn::Sub": f"arn:${{AWS::Partition}}:logs:${{AWS::Region}}:${{AWS::AccountId}}:log-group:{log_group(pipeline)}"
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
            "Metadata": checkov_skip(
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
                "LogGroupName": log_group(pipeline),
                "RetentionInDays": _RETENTION_DAYS,
                "KmsKeyId": {"Fn::GetAtt": ["Key", "Arn"]},
            },
        },
    }


def _bucket() -> list[Any]:
    return [{"Fn::GetAtt": ["Artefacts", "Arn"]}, {"Fn::Sub": "${Artefacts.Arn}/*"}]


def _pipeline(pipeline: Pipeline) -> dict[str, Any]:
    projects = [{"Fn::GetAtt": [name, "Arn"]} for name in ("DifferenceProject", "DeployProject")]
    statements = [
        allow(["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"], projects),
        allow(["codeconnections:UseConnection", "codestar-connections:UseConnection"], {"Ref": "Connection"}),
        allow(["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"], {"Fn::Sub": "${Artefacts.Arn}/*"}),
        allow(
            ["s3:GetBucketLocation", "s3:GetBucketVersioning", "s3:ListBucket"], {"Fn::GetAtt": ["Artefacts", "Arn"]}
        ),
        allow(["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"], {"Fn::GetAtt": ["Key", "Arn"]}),
    ]
    role = role_with_policies(
        "PipelineRole",
        f"Runs the pipeline of {pipeline.project}.",
        service_trust("codepipeline", "codepipeline:${AWS::Region}:${AWS::AccountId}:*"),
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
    secrets = secret_variables(pipeline)
    if secrets:
        keys = json.dumps({variable.stored: "" for variable in secrets})
        lines += [
            "2. Put the secrets of the compose files into Secrets Manager: a file with these keys, all of them, empty",
            f"   where one has no value: {keys}",
            f"     aws secretsmanager create-secret{region} --name {secret_name(pipeline)} --secret-string file://FILE",
            *(f"   {one.stored} is what {one.file} holds{may_stay_unset(one, '; ')}" for one in secrets if one.file),
        ]
    step = 3 if secrets else 2
    overrides = f"Connection=ARN Repository={pipeline.repository or 'OWNER/NAME'}"
    lines += [
        f"{step}. Make the pipeline, with credentials that may (a person's own):",
        f"     aws cloudformation deploy{region} --stack-name {pipeline.prefix}-pipeline --template-file {file} \\",
        f"       --capabilities CAPABILITY_IAM --parameter-overrides {overrides}",
    ]
    for variable in public_variables(pipeline):
        empty = "" if variable.required else ", which may stay empty"
        lines.append(f"       add {parameter_name(variable)}=… for {variable.name}{empty}")
    lines += [
        f"{step + 1}. Protect {pipeline.branch}: whoever can push to it deploys.",
        "docs/how-to/continuous-delivery.md tells the rest.",
    ]
    return "\n".join(lines)
