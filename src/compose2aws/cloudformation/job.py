"""Jobs: tasks that run to their end, once for each revision of them or at set times.

A job that runs once is a custom resource, so that what waits for it can `DependsOn` it. One function serves all jobs of
a project; what it may do for a job is a policy that comes with the job.
"""

from __future__ import annotations

from importlib.resources import files
from typing import Any

from troposphere import GetAtt, Ref, awslambda, cloudformation, iam, logs, scheduler, sqs

from compose2aws.cloudformation.expression import arn, attribute, encryption_key, legal_name, ref
from compose2aws.cloudformation.graph import Graph, Skip
from compose2aws.cloudformation.name import alias_instances
from compose2aws.cloudformation.policy import Statement, allow, assume_role, document
from compose2aws.cloudformation.service import CAPACITY, awsvpc, provider_name
from compose2aws.cloudformation.stack import stack_prefix
from compose2aws.cloudformation.task_definition import emit_task, main_container
from compose2aws.planning.identity import logical_id
from compose2aws.planning.model import Job, Plan

_FUNCTION = "JobRunnerFunction"
_ROLE = "JobRunnerRole"
_LOG_GROUP = "JobRunnerLogGroup"
_INVOCATION = "JobRunnerInvocationPolicy"
_LOST_CALLS = "JobRunnerLostCalls"
_RUNTIME = "python3.13"
_FUNCTION_TIMEOUT = 900  # seconds, the longest that Lambda takes; the function hands a longer wait on to itself
_LONGEST_WAIT = 3600  # seconds; CloudFormation, "AWS::CloudFormation::CustomResource", ServiceTimeout
_WAIT_MARGIN = 120
_LOST_CALL_KEPT = 14 * 24 * 3600  # seconds, the longest that SQS takes
_RETRIES = 2
_OLDEST_EVENT = 3600

_SKIPS: tuple[Skip, ...] = (
    ("CKV_AWS_115", "It runs once for each job of a deployment; a reservation would take from other functions"),
    ("CKV_AWS_117", "It speaks to AWS alone and reaches nothing inside the network"),
)


def emit_job(graph: Graph, plan: Plan, item: Job) -> None:
    """Add a job with its task definition, and what runs it."""
    emit_task(graph, plan, item.task, item.source)
    if item.schedule:
        _emit_schedule(graph, plan, item, item.schedule)
        return
    if _FUNCTION not in graph.nodes:
        _emit_runner(graph, plan)
    permission = logical_id(item.identity, "Job").removesuffix("Job") + "PermissionJob"
    graph.add(
        iam.PolicyType(
            permission,
            PolicyName=legal_name(f"run-{item.identity}", r"A-Za-z0-9+=,.@_\-", 128),
            Roles=[Ref(_ROLE)],
            PolicyDocument=document(*_start_statements(item)),
        ),
        item.source,
        owner=item.identity,
    )
    main = main_container(item.task)
    timeout = min(item.timeout, _LONGEST_WAIT - _WAIT_MARGIN)
    job = cloudformation.CustomResource(
        item.id.logical_id,
        ServiceToken=GetAtt(_FUNCTION, "Arn"),
        ServiceTimeout=timeout + _WAIT_MARGIN,
        DependsOn=sorted({CAPACITY, permission, _INVOCATION} | _needed(graph, item)),
    )
    job.properties |= {
        "Cluster": Ref("ServiceCluster"),
        "TaskDefinition": ref(item.task.definition),
        "Capacity": provider_name(item.capacity),
        "Container": main.name,
        "Timeout": timeout,
        "LogGroup": ref(main.logging.group),
        "LogPrefix": main.logging.prefix,
    }
    if item.task.network_mode == "awsvpc":
        job.properties |= awsvpc(plan, item.subnets, item.security_groups)
    if item.once_for:
        job.properties["Database"] = ref(item.once_for)
    graph.add(job, item.source, owner=item.identity)


def _needed(graph: Graph, item: Job) -> set[str]:
    return {resource.logical_id for resource in item.depends_on} | alias_instances(graph, item.depends_on)


def _start_statements(item: Job) -> tuple[Statement, Statement]:
    cluster = {"ArnEquals": {"ecs:cluster": GetAtt("ServiceCluster", "Arn")}}
    to_tasks = {"StringEquals": {"iam:PassedToService": "ecs-tasks.amazonaws.com"}}
    roles = [attribute(item.task.execution_role, "Arn"), attribute(item.task.task_role, "Arn")]
    return (
        allow("ecs:RunTask", ref(item.task.definition), cluster),
        allow("iam:PassRole", roles, to_tasks),
    )


def _emit_runner(graph: Graph, plan: Plan) -> None:
    graph.add(logs.LogGroup(_LOG_GROUP, KmsKeyId=encryption_key(), RetentionInDays=plan.log_retention))
    cluster = {"ArnEquals": {"ecs:cluster": GetAtt("ServiceCluster", "Arn")}}
    tasks = arn("ecs", "task/", Ref("ServiceCluster"), "/*")
    own_stacks = arn("cloudformation", f"stack/{stack_prefix(plan.project)}-app*/*")
    statements = (
        allow(("logs:CreateLogStream", "logs:PutLogEvents"), GetAtt(_LOG_GROUP, "Arn")),
        allow(("ecs:DescribeTasks", "ecs:StopTask"), tasks, cluster),
        allow("cloudformation:DescribeStacks", [Ref("AWS::StackId"), own_stacks]),
        allow("sqs:SendMessage", GetAtt(_LOST_CALLS, "Arn")),
        allow(("kms:Decrypt", "kms:GenerateDataKey"), encryption_key()),
    )
    # Lambda, "Dead-letter queues": what was tried three times in vain, for whoever wonders why a job was not run.
    graph.add(sqs.Queue(_LOST_CALLS, MessageRetentionPeriod=_LOST_CALL_KEPT, KmsMasterKeyId=encryption_key()))
    graph.add(
        iam.Role(
            _ROLE,
            AssumeRolePolicyDocument=assume_role("lambda.amazonaws.com"),
            Policies=[iam.Policy(PolicyName="watch-jobs", PolicyDocument=document(*statements))],
        )
    )
    graph.add(
        awslambda.Function(
            _FUNCTION,
            Description=f"Runs the jobs of {plan.project} and waits for their end",
            Runtime=_RUNTIME,
            Architectures=["arm64"],
            Handler="index.handler",
            Code=awslambda.Code(ZipFile=job_function_text()),
            Role=GetAtt(_ROLE, "Arn"),
            Timeout=_FUNCTION_TIMEOUT,
            MemorySize=128,
            DeadLetterConfig=awslambda.DeadLetterConfig(TargetArn=GetAtt(_LOST_CALLS, "Arn")),
            LoggingConfig=awslambda.LoggingConfig(LogGroup=Ref(_LOG_GROUP)),
        ),
        skips=_SKIPS,
    )
    # A policy of its own: the role cannot name the function that needs the role first.
    graph.add(
        iam.PolicyType(
            _INVOCATION,
            PolicyName="wait-on",
            Roles=[Ref(_ROLE)],
            PolicyDocument=document(allow("lambda:InvokeFunction", GetAtt(_FUNCTION, "Arn"))),
        )
    )


def job_function_text() -> str:
    """The text of the function: the module `job_function` of this package, which is never imported here."""
    return files("compose2aws.cloudformation").joinpath("job_function.py").read_text(encoding="utf-8")


def _schedule_network(plan: Plan, item: Job) -> dict[str, Any]:
    if item.task.network_mode == "host":
        return {}
    network = scheduler.AwsVpcConfiguration(**awsvpc(plan, item.subnets, item.security_groups))
    return {"NetworkConfiguration": scheduler.NetworkConfiguration(AwsvpcConfiguration=network)}


def _emit_schedule(graph: Graph, plan: Plan, item: Job, expression: str) -> None:
    role = logical_id(item.identity, "ScheduleRole")
    graph.add(
        iam.Role(
            role,
            AssumeRolePolicyDocument=assume_role("scheduler.amazonaws.com", of="scheduler"),
            Policies=[iam.Policy(PolicyName="start", PolicyDocument=document(*_start_statements(item)))],
        ),
        item.source,
        owner=item.identity,
    )
    graph.add(
        scheduler.Schedule(
            item.id.logical_id,
            Description=f"{item.name} of {plan.project}",
            ScheduleExpression=expression,
            ScheduleExpressionTimezone=item.time_zone,
            FlexibleTimeWindow=scheduler.FlexibleTimeWindow(Mode="OFF"),
            Target=scheduler.Target(
                Arn=GetAtt("ServiceCluster", "Arn"),
                RoleArn=GetAtt(role, "Arn"),
                EcsParameters=scheduler.EcsParameters(
                    TaskDefinitionArn=ref(item.task.definition),
                    TaskCount=1,
                    CapacityProviderStrategy=[
                        scheduler.CapacityProviderStrategyItem(CapacityProvider=provider_name(item.capacity), Weight=1)
                    ],
                    **_schedule_network(plan, item),
                ),
                RetryPolicy=scheduler.RetryPolicy(
                    MaximumRetryAttempts=_RETRIES, MaximumEventAgeInSeconds=_OLDEST_EVENT
                ),
            ),
            DependsOn=sorted({CAPACITY} | _needed(graph, item)),
        ),
        item.source,
        owner=item.identity,
        skips=(("CKV_AWS_297", "A schedule holds no data, only the names of what it starts"),),
    )
