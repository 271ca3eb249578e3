"""CloudFormation's API, answered by the rehearsal instead of by moto's own stacks."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from urllib.parse import urlparse

from botocore.exceptions import ClientError
from moto.cloudformation.responses import CloudFormationResponse
from moto.core.responses import ActionResult, EmptyResult

from compose2aws.rehearsal import operations, updates
from compose2aws.rehearsal.calls import service
from compose2aws.rehearsal.change_sets import ChangeSet, differs
from compose2aws.rehearsal.operations import Wanted
from compose2aws.rehearsal.parameters import given_values, resolved_values
from compose2aws.rehearsal.refusals import Refusal
from compose2aws.rehearsal.stack import Stack, StackStore, store
from compose2aws.rehearsal.stack_policy import read_policy
from compose2aws.rehearsal.template import check_capabilities, read_template
from compose2aws.rehearsal.views import described, described_parameter, described_resource, needed_capabilities

_UPDATABLE = {
    "CREATE_COMPLETE",
    "CREATE_FAILED",
    "UPDATE_COMPLETE",
    "UPDATE_FAILED",
    "UPDATE_ROLLBACK_COMPLETE",
    "IMPORT_COMPLETE",
}
_ON_FAILURE = {"DO_NOTHING", "ROLLBACK", "DELETE"}


def _flag(value: Any) -> bool:
    return str(value).lower() == "true"


def _check_name(name: str, what: str) -> None:
    if re.fullmatch("[a-zA-Z][-a-zA-Z0-9]{0,127}", name) is None:
        raise Refusal(
            f"1 validation error detected: Value '{name}' at '{what}' failed to satisfy constraint: "
            "Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*"
        )


class CloudFormationApi(CloudFormationResponse):
    """The actions of CloudFormation; what is not here (stack sets) stays moto's."""

    RESPONSE_KEY_PATH_TO_TRANSFORMER: ClassVar[dict[str, Any]] = {
        # The other ones of moto's turn its stacks into what we answer already.
        path: transformer
        for path, transformer in CloudFormationResponse.RESPONSE_KEY_PATH_TO_TRANSFORMER.items()
        if "StackSet" in path
    }

    @property
    def _store(self) -> StackStore:
        return store(self.region)

    # Stacks

    def create_stack(self) -> ActionResult:
        """Begin a stack."""
        name = self._get_param("StackName")
        _check_name(name, "stackName")
        body, template = self._template()
        granted = self._get_param("Capabilities", [])
        check_capabilities(template, granted)
        wanted = self._wanted(body, template, None, self._tags())
        on_failure = self._get_param("OnFailure")
        if on_failure is not None and on_failure not in _ON_FAILURE:
            raise Refusal(f"OnFailure must be one of {sorted(_ON_FAILURE)}")
        if on_failure is not None and self._get_param("DisableRollback") is not None:
            raise Refusal("Either DisableRollback or OnFailure can be specified, not both.")
        if _flag(self._get_param("DisableRollback", False)):
            on_failure = "DO_NOTHING"
        if self._store.find(name) is not None:
            raise Refusal(f"Stack [{name}] already exists", "AlreadyExistsException")
        read_policy(self._get_param("StackPolicyBody"))
        stack = self._new_stack(name, granted)
        stack.protected = _flag(self._get_param("EnableTerminationProtection", False))
        stack.policy = self._get_param("StackPolicyBody")
        stack.timeout = self._get_param("TimeoutInMinutes")
        stack.disable_rollback = on_failure == "DO_NOTHING"
        stack.set_status("CREATE_IN_PROGRESS", "User Initiated")
        operations.start(lambda: operations.create(stack, wanted, on_failure or "ROLLBACK"))
        return ActionResult({"StackId": stack.id})

    def update_stack(self) -> ActionResult:
        """Bring a stack to another template or other parameters."""
        stack = self._stack(self._get_param("StackName"))
        disable_rollback = _flag(self._get_param("DisableRollback", False))
        self._check_updatable(stack, disable_rollback)
        wanted, granted = self._update_of(stack)
        if not differs(stack, wanted) and not stack.status.endswith("_FAILED"):
            raise Refusal("No updates are to be performed.")
        stack.capabilities = granted
        policy = self._get_param("StackPolicyDuringUpdateBody")
        read_policy(policy)
        if self._get_param("StackPolicyBody"):
            read_policy(self._get_param("StackPolicyBody"))
            stack.policy = self._get_param("StackPolicyBody")
        operations.start(lambda: updates.update(stack, wanted, disable_rollback=disable_rollback, policy=policy))
        return ActionResult({"StackId": stack.id})

    def delete_stack(self) -> ActionResult:
        """Delete a stack; one that is not there counts as deleted."""
        stack = self._store.find(self._get_param("StackName"))
        if stack is None or stack.status == "DELETE_COMPLETE":
            return EmptyResult()
        if stack.protected:
            raise Refusal(f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        self._check_idle(stack, "deleted")
        for export in stack.exports:
            importers = [name for name in self._store.importers(export) if name != stack.name]
            if importers:
                raise Refusal(f"Export {export} cannot be deleted as it is in use by {' and '.join(importers)}")
        retained = set(self._get_param("RetainResources", []))
        if retained and stack.status != "DELETE_FAILED":
            raise Refusal("Invalid operation on stack: retained resources need a stack in DELETE_FAILED")
        force = self._get_param("DeletionMode") == "FORCE_DELETE_STACK"
        operations.start(lambda: operations.delete(stack, retained, force=force))
        return EmptyResult()

    def rollback_stack(self) -> ActionResult:
        """Roll back a stack that failed and was left so."""
        stack = self._stack(self._get_param("StackName"))
        if stack.status not in ("CREATE_FAILED", "UPDATE_FAILED"):
            raise Refusal(f"Stack:{stack.id} is in {stack.status} state and can not be rolled back.")
        operations.start(lambda: updates.roll_back(stack))
        return ActionResult({"StackId": stack.id})

    def continue_update_rollback(self) -> ActionResult:
        """Try again to roll an update back."""
        stack = self._stack(self._get_param("StackName"))
        if stack.status != "UPDATE_ROLLBACK_FAILED":
            raise Refusal(f"Stack:{stack.id} is in {stack.status} state and can not continue a rollback.")
        skipped = set(self._get_param("ResourcesToSkip", []))
        operations.start(lambda: updates.continue_rollback(stack, skipped))
        return EmptyResult()

    def cancel_update_stack(self) -> ActionResult:
        """Give an update up and roll it back."""
        stack = self._stack(self._get_param("StackName"))
        if stack.status != "UPDATE_IN_PROGRESS":
            raise Refusal(f"CancelUpdateStack cannot be called from current stack status ({stack.status})")
        stack.cancelled = True
        return EmptyResult()

    def update_termination_protection(self) -> ActionResult:
        """Protect a stack from deletion, or no longer."""
        stack = self._stack(self._get_param("StackName"))
        stack.protected = _flag(self._get_param("EnableTerminationProtection"))
        return ActionResult({"StackId": stack.id})

    # Looking

    def describe_stacks(self) -> ActionResult:
        """Describe one stack or all that live."""
        name = self._get_param("StackName")
        stacks = [self._stack(name)] if name else list(self._store.living())
        return ActionResult({"Stacks": [described(stack) for stack in stacks]})

    def list_stacks(self) -> ActionResult:
        """List stacks, deleted ones too."""
        wanted = self._get_param("StackStatusFilter", [])
        stacks = [stack for stack in list(self._store.stacks.values()) if not wanted or stack.status in wanted]
        return ActionResult({"StackSummaries": [described(stack) for stack in stacks]})

    def describe_stack_events(self) -> ActionResult:
        """Return what happened, the newest first."""
        return ActionResult({"StackEvents": self._stack(self._get_param("StackName")).events[::-1]})

    def describe_stack_resources(self) -> ActionResult:
        """Describe the resources of a stack."""
        stack = self._stack(self._get_param("StackName"))
        wanted = self._get_param("LogicalResourceId")
        found = [resource for resource in list(stack.resources.values()) if wanted in (None, resource.logical_id)]
        return ActionResult({"StackResources": [described_resource(stack, resource) for resource in found]})

    def describe_stack_resource(self) -> ActionResult:
        """Describe one resource of a stack."""
        stack = self._stack(self._get_param("StackName"))
        logical_id = self._get_param("LogicalResourceId")
        if logical_id not in stack.resources:
            raise Refusal(f"Resource {logical_id} does not exist for stack {stack.name}")
        return ActionResult({"StackResourceDetail": described_resource(stack, stack.resources[logical_id])})

    def list_stack_resources(self) -> ActionResult:
        """List the resources of a stack."""
        stack = self._stack(self._get_param("StackName"))
        found = [described_resource(stack, resource) for resource in list(stack.resources.values())]
        return ActionResult({"StackResourceSummaries": found})

    def get_template(self) -> ActionResult:
        """Return the text of a stack's or a change set's template."""
        change_set = self._get_param("ChangeSetName")
        if change_set:
            body = self._change_set(change_set, self._get_param("StackName")).wanted.body
        else:
            body = self._stack(self._get_param("StackName")).template_body
        return ActionResult({"TemplateBody": body, "StagesAvailable": ["Original", "Processed"]})

    def get_template_summary(self) -> ActionResult:
        """Return what a template wants to be told and would make."""
        name = self._get_param("StackName")
        template = self._stack(name).template if name else self._template()[1]
        return ActionResult(
            {
                "Parameters": [
                    described_parameter(key, item) for key, item in (template.get("Parameters") or {}).items()
                ],
                "Description": template.get("Description"),
                "ResourceTypes": sorted({item["Type"] for item in template["Resources"].values()}),
                "Capabilities": needed_capabilities(template),
                "Version": template.get("AWSTemplateFormatVersion"),
            }
        )

    def validate_template(self) -> ActionResult:
        """Check a template's form."""
        _, template = self._template()
        parameters = [described_parameter(key, item) for key, item in (template.get("Parameters") or {}).items()]
        return ActionResult(
            {
                "Parameters": parameters,
                "Description": template.get("Description"),
                "Capabilities": needed_capabilities(template),
            }
        )

    def list_exports(self) -> ActionResult:
        """List what the region's stacks export."""
        exports = [
            {"ExportingStackId": stack.id, "Name": name, "Value": value}
            for stack in self._store.living()
            for name, value in stack.exports.items()
        ]
        return ActionResult({"Exports": exports})

    def list_imports(self) -> ActionResult:
        """List the stacks that import a name."""
        name = self._get_param("ExportName")
        importers = self._store.importers(name)
        if not importers:
            raise Refusal(f"Export '{name}' is not imported by any stack.")
        return ActionResult({"Imports": importers})

    def get_stack_policy(self) -> ActionResult:
        """Return a stack's policy."""
        return ActionResult({"StackPolicyBody": self._stack(self._get_param("StackName")).policy})

    def set_stack_policy(self) -> ActionResult:
        """Set a stack's policy."""
        policy = self._get_param("StackPolicyBody")
        read_policy(policy)
        self._stack(self._get_param("StackName")).policy = policy
        return EmptyResult()

    # Change sets

    def create_change_set(self) -> ActionResult:
        """Find out what a template would do, and keep it."""
        name, stack_name = self._get_param("ChangeSetName"), self._get_param("StackName")
        kind = self._get_param("ChangeSetType", "UPDATE")
        _check_name(name, "changeSetName")
        if kind == "CREATE":
            _check_name(stack_name, "stackName")
        stack = self._store.find(stack_name)
        if kind == "CREATE":
            if stack is not None and stack.status != "REVIEW_IN_PROGRESS":
                raise Refusal(
                    f"Stack [{stack_name}] already exists and cannot be created again with the changeSet [{name}].",
                    "AlreadyExistsException",
                )
            body, template = self._template()
            granted = self._get_param("Capabilities", [])
            check_capabilities(template, granted)
            wanted = self._wanted(body, template, None, self._tags())
            if stack is None:
                stack = self._new_stack(stack_name, granted)
                stack.set_status("REVIEW_IN_PROGRESS", "User Initiated")
        else:
            stack = self._stack(stack_name)
            wanted, granted = self._update_of(stack)
            self._check_updatable(stack, disable_rollback=True)
        if any(other.name == name and other.stack is stack for other in list(self._store.change_sets.values())):
            raise Refusal(f"ChangeSet {name} already exists", "AlreadyExistsException")
        made = ChangeSet(
            name=name,
            kind=kind,
            stack=stack,
            wanted=wanted,
            on_failure=self._get_param("OnStackFailure", "ROLLBACK"),
            description=self._get_param("Description"),
            capabilities=granted,
        )
        self._store.change_sets[made.id] = made
        return ActionResult({"Id": made.id, "StackId": stack.id})

    def describe_change_set(self) -> ActionResult:
        """Describe a change set."""
        found = self._change_set(self._get_param("ChangeSetName"), self._get_param("StackName"))
        return ActionResult(found.described())

    def list_change_sets(self) -> ActionResult:
        """List a stack's change sets."""
        stack = self._stack(self._get_param("StackName"))
        found = [one.described() for one in list(self._store.change_sets.values()) if one.stack is stack]
        return ActionResult({"Summaries": found})

    def delete_change_set(self) -> ActionResult:
        """Forget a change set."""
        found = self._change_set(self._get_param("ChangeSetName"), self._get_param("StackName"))
        del self._store.change_sets[found.id]
        return EmptyResult()

    def execute_change_set(self) -> ActionResult:
        """Do what a change set says."""
        found = self._change_set(self._get_param("ChangeSetName"), self._get_param("StackName"))
        if found.execution != "AVAILABLE":
            raise Refusal(
                f"ChangeSet [{found.id}] cannot be executed in its current status of [{found.status}]",
                "InvalidChangeSetStatus",
            )
        stack = found.stack
        disable_rollback = _flag(self._get_param("DisableRollback", False))
        if found.kind == "CREATE":
            on_failure = "DO_NOTHING" if disable_rollback else found.on_failure
            stack.set_status("CREATE_IN_PROGRESS", "User Initiated")
            run = lambda: operations.create(stack, found.wanted, on_failure)  # noqa: E731
        else:
            left = disable_rollback or found.on_failure == "DO_NOTHING"
            self._check_updatable(stack, left)
            run = lambda: updates.update(stack, found.wanted, disable_rollback=left)  # noqa: E731
        stack.change_set = found.id
        stack.capabilities = found.capabilities
        found.execution = "EXECUTE_COMPLETE"
        for other in list(self._store.change_sets.values()):
            if other.stack is stack and other is not found:
                del self._store.change_sets[other.id]  # they no longer say what would happen
        operations.start(run)
        return EmptyResult()

    # What the actions share

    def _new_stack(self, name: str, granted: list[str]) -> Stack:
        stack = Stack(
            name=name,
            region=self.region,
            capabilities=granted,
            notification_arns=self._get_param("NotificationARNs", []),
            role_arn=self._get_param("RoleARN"),
        )
        self._store.stacks[stack.id] = stack
        return stack

    def _template(self) -> tuple[str, dict[str, Any]]:
        body, url = self._get_param("TemplateBody"), self._get_param("TemplateURL")
        if body and url:
            raise Refusal("Only one of Template URL or Template Body can be specified.")
        if body:
            return body, read_template(body)
        if url:
            stored = self._stored(url)
            return stored, read_template(stored, inline=False)
        raise Refusal("Either Template URL or Template Body must be specified.")

    def _stored(self, url: str) -> str:
        parts = urlparse(url)
        host, path = parts.hostname or "", parts.path.lstrip("/")
        first = host.split(".")[0]
        if first.startswith("s3") or not host.endswith("amazonaws.com"):
            bucket, _, key = path.partition("/")
        else:
            bucket, key = host.partition(".s3")[0], path
        try:
            text: bytes = service("s3", self.region).get_object(Bucket=bucket, Key=key)["Body"].read()
        except ClientError as problem:
            raise Refusal(f"S3 error: {problem.response['Error'].get('Message')}") from problem
        return text.decode("utf-8")

    def _update_of(self, stack: Stack) -> tuple[Wanted, list[str]]:
        if _flag(self._get_param("UsePreviousTemplate", False)):
            body, template = stack.template_body, stack.template
        else:
            body, template = self._template()
        granted = self._get_param("Capabilities", [])
        check_capabilities(template, granted)
        return self._wanted(body, template, stack.parameters, self._tags() or dict(stack.tags)), granted

    def _wanted(
        self, body: str, template: dict[str, Any], previous: dict[str, str] | None, tags: dict[str, str]
    ) -> Wanted:
        values = given_values(template, self._get_param("Parameters", []), previous)
        resolved_values(template, values, self.region)  # a name that the parameter store lacks is refused at once
        return Wanted(body, template, values, tags)

    def _tags(self) -> dict[str, str]:
        return {item["Key"]: item["Value"] for item in self._get_param("Tags", [])}

    def _stack(self, name: str) -> Stack:
        found = self._store.find(name)
        if found is None:
            raise Refusal(f"Stack with id {name} does not exist")
        return found

    def _change_set(self, name: str, stack_name: str | None) -> ChangeSet:
        for found in list(self._store.change_sets.values()):
            if name == found.id or (name == found.name and stack_name in (found.stack.name, found.stack.id)):
                return found
        raise Refusal(f"ChangeSet [{name}] does not exist", "ChangeSetNotFound")

    @staticmethod
    def _check_idle(stack: Stack, wish: str) -> None:
        if stack.status.endswith("_IN_PROGRESS") and stack.status != "REVIEW_IN_PROGRESS":
            raise Refusal(f"Stack:{stack.id} is in {stack.status} state and can not be {wish}.")

    @staticmethod
    def _check_updatable(stack: Stack, disable_rollback: bool) -> None:
        needs = stack.status in ("CREATE_FAILED", "UPDATE_FAILED") and not disable_rollback
        if stack.status not in _UPDATABLE or needs:
            raise Refusal(f"Stack:{stack.id} is in {stack.status} state and can not be updated.")
