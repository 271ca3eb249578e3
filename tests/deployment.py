"""Synthesises a project with the real command and creates its stacks in a rehearsal server with plain boto3: the way of
whoever has the templates and not this tool."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compose2aws.rehearsal import RehearsalServer
from tests.bare_environment import bare_environment

_INLINE = 51_200
DIGEST = "sha256:" + "0" * 64

_ARN_STEPS = 7


@dataclass
class Deployment:
    """What was synthesised and created. `passed` are the parameters given to each stack."""

    server: RehearsalServer
    manifest: dict[str, Any]
    templates: dict[str, dict[str, Any]]
    passed: dict[str, dict[str, str]] = field(default_factory=dict)

    def client(self, name: str) -> Any:
        return self.server.client(name)

    def physical(self, logical_id: str) -> str:
        """The physical id of a resource of any stack."""
        for stack in self.templates:
            for resource in self.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]:
                if resource["LogicalResourceId"] == logical_id:
                    return str(resource["PhysicalResourceId"])
        raise KeyError(logical_id)

    def outputs(self, stack: str) -> dict[str, str]:
        described = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}

    def container(self, service: str, name: str | None = None) -> dict[str, Any]:
        """A container of the service's task definition, as ECS describes it."""
        arn = next(
            self.physical(id_)
            for template in self.templates.values()
            for id_, resource in template["Resources"].items()
            if resource["Type"] == "AWS::ECS::TaskDefinition"
            and any(c["Name"] == service for c in resource["Properties"]["ContainerDefinitions"])
        )
        task = self.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
        found: dict[str, Any] = next(c for c in task["containerDefinitions"] if c["name"] == (name or service))
        return found

    def environment(self, service: str) -> dict[str, str]:
        """The environment of a service's container as ECS would give it, with its secrets read."""
        container = self.container(service)
        values = {entry["name"]: entry["value"] for entry in container.get("environment", [])}
        for secret in container.get("secrets", []):
            # ARN, or ARN:KEY:STAGE:VERSION (Amazon ECS Developer Guide, "Pass Secrets Manager secrets")
            steps = secret["valueFrom"].split(":")
            key, *version = steps[_ARN_STEPS:] or [""]
            assert not any(version)
            text = self.client("secretsmanager").get_secret_value(SecretId=":".join(steps[:_ARN_STEPS]))["SecretString"]
            values[secret["name"]] = json.loads(text)[key] if key else text
        return values


def synthesise(files: list[Path], out: Path, *options: str, environment: dict[str, str] | None = None) -> None:
    """Run `synth` as a user would, from a folder that is not the project's, with nothing in the environment."""
    arguments = [argument for file in files for argument in ("-f", str(file))]
    subprocess.run(
        [sys.executable, "-m", "compose2aws", "synth", *arguments, *options, "-o", str(out)],
        check=True,
        cwd=out.parent,
        env=bare_environment() | (environment or {}),
        capture_output=True,
    )


def deploy(out: Path, server: RehearsalServer) -> Deployment:
    """Create the stacks of a manifest, in its order. Raises where one does not come to CREATE_COMPLETE."""
    manifest = json.loads((out / "manifest.json").read_text())
    made = Deployment(server, manifest, {})
    cloudformation = server.client("cloudformation")
    for stack in manifest["stacks"]:
        text = (out / stack["template"]).read_text()
        passed = {p["name"]: _value(p, server) for p in stack["parameters"] if p["required"]}
        cloudformation.create_stack(
            StackName=stack["name"],
            **_body(text, stack["name"], server),
            Parameters=[{"ParameterKey": name, "ParameterValue": value} for name, value in passed.items()],
            Capabilities=["CAPABILITY_IAM"],
        )
        described = cloudformation.describe_stacks(StackName=stack["name"])["Stacks"][0]
        reasons = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}"
            for event in cloudformation.describe_stack_events(StackName=stack["name"])["StackEvents"]
            if event["ResourceStatus"].endswith("FAILED")
        ]
        assert described["StackStatus"] == "CREATE_COMPLETE", (described["StackStatus"], reasons)
        made.templates[stack["name"]] = json.loads(text)
        made.passed[stack["name"]] = passed
    return made


def _body(text: str, name: str, server: RehearsalServer) -> dict[str, str]:
    if len(text.encode()) <= _INLINE:
        return {"TemplateBody": text}
    storage = server.client("s3")
    storage.create_bucket(Bucket="templates")
    storage.put_object(Bucket="templates", Key=name, Body=text.encode())
    return {"TemplateURL": f"https://templates.s3.amazonaws.com/{name}"}


def _value(parameter: dict[str, Any], server: RehearsalServer) -> str:
    kind, _, what = parameter["source"].partition(":")
    if kind == "image":
        return DIGEST
    if kind == "hosted-zone":
        zone = server.client("route53").create_hosted_zone(Name=what, CallerReference=what)
        return str(zone["HostedZone"]["Id"].rpartition("/")[2])
    return f"value-of-{parameter['name']}"
