"""The whole way: a plan fills a graph, the linker cuts it into stacks, the stacks become files.

network, groups, key ─┐
managed, images, files ├─▶ Graph ──link──▶ Templates ──render──▶ {file name: bytes}
workloads, names, balancers ─┘
"""

from __future__ import annotations

from troposphere import Output

from compose2aws.cloudformation.alarm import emit_alarms
from compose2aws.cloudformation.bake import bake_file
from compose2aws.cloudformation.balancer import emit_balancers, public_address
from compose2aws.cloudformation.expression import joined
from compose2aws.cloudformation.file_system import emit_file_system
from compose2aws.cloudformation.graph import Graph
from compose2aws.cloudformation.host import emit_fleet
from compose2aws.cloudformation.image import emit_repositories
from compose2aws.cloudformation.job import emit_job
from compose2aws.cloudformation.key import emit_key
from compose2aws.cloudformation.linker import link
from compose2aws.cloudformation.log_bucket import emit_log_bucket
from compose2aws.cloudformation.managed import emit_managed
from compose2aws.cloudformation.manifest import BAKE, NAME, manifest
from compose2aws.cloudformation.name import aliases_of, emit_names
from compose2aws.cloudformation.network import emit_network
from compose2aws.cloudformation.patch import patched
from compose2aws.cloudformation.secret import emit_stored_secrets
from compose2aws.cloudformation.security_group import emit_security_groups
from compose2aws.cloudformation.service import emit_cluster, emit_service
from compose2aws.cloudformation.stack import Format, Templates, stack_prefix
from compose2aws.cloudformation.writing import text_of
from compose2aws.planning.identity import digest, logical_id
from compose2aws.planning.model import Plan, PublicUrl, Service

_USUAL_PORTS = {"http": 80, "https": 443}


def emit(plan: Plan) -> Templates:
    """The templates of a plan.

    Raises `LimitError` where a template would pass CloudFormation's limits, and `GraphError` where the plan
    contradicts itself (a mistake of the planner, not of the project's author), `PatchError` where one of the author's
    patches cannot be applied.
    """
    stacks = patched(link(graph_of(plan), plan), plan.patches)
    return Templates(plan.project, stacks, bake_file(plan), plan.images)


def render(templates: Templates, format: Format = "yaml") -> dict[str, bytes]:  # noqa: A002 - the option's own name
    """The files: a template a stack, `manifest.json`, and `images.bake.json` where there is an image to build."""
    files = {stack.file(format): text_of(stack.template, format) for stack in templates.stacks}
    if templates.bake:
        files[BAKE] = text_of(templates.bake, "json")
    files[NAME] = text_of(manifest(templates, format), "json")
    return {name: text.encode() for name, text in sorted(files.items())}


def graph_of(plan: Plan) -> Graph:
    """All resources of a plan, not yet placed in templates."""
    graph = Graph(aliases=aliases_of(plan))
    for parameter in plan.parameters:
        graph.declare(parameter)
    emit_network(graph, plan)
    emit_security_groups(graph, plan)
    emit_key(graph, plan)
    for item in plan.managed:
        emit_managed(graph, plan, item)
    emit_repositories(graph, plan)
    if plan.file_system:
        emit_file_system(graph, plan, plan.file_system)
    emit_log_bucket(graph, plan)
    emit_stored_secrets(graph, plan, _secret_owners(plan))
    emit_cluster(graph, plan)
    for fleet in plan.fleets:
        emit_fleet(graph, plan, fleet)
    for workload in plan.workloads:
        if isinstance(workload, Service):
            emit_service(graph, plan, workload)
        else:
            emit_job(graph, plan, workload)
    emit_names(graph, plan, f"{stack_prefix(plan.project)}-connect")
    emit_balancers(graph, plan)
    emit_alarms(graph, plan)
    for url in plan.urls:
        _add_url(graph, plan, url)
    return graph


def _secret_owners(plan: Plan) -> dict[str, str]:
    """The workload that reads a secret, where it is the only one."""
    readers: dict[str, set[str]] = {}
    for workload in plan.workloads:
        for container in workload.task.containers:
            for variable in container.environment:
                if variable.secret:
                    readers.setdefault(variable.secret.logical_id, set()).add(workload.identity)
            for _, secret in container.log_driver.secret_options if container.log_driver else ():
                readers.setdefault(secret.logical_id, set()).add(workload.identity)
    return {secret: next(iter(names)) for secret, names in readers.items() if len(names) == 1}


def _add_url(graph: Graph, plan: Plan, url: PublicUrl) -> None:
    usual = _USUAL_PORTS.get(url.scheme) == url.port
    name = logical_id(url.service, "Service") + "Url" + ("" if usual else str(url.port))
    port = "" if usual else f":{url.port}"
    host = url.host or public_address(plan, url.scheme)
    value = joined(f"{url.scheme}://", host, port, url.path)
    output = Output(name, Description=f"Where {url.service} is reached", Value=value).to_dict()
    if graph.outputs.get(name, output) != output:
        name += digest(f"{url.scheme}://{url.host}:{url.port}{url.path}")
    graph.outputs[name] = output
