"""An AWS account made of moto, in this process: what a deployment is tried on before it meets a real one.

    with RehearsalServer() as server:
        client = server.client("cloudformation")      # real boto3 over HTTP; RehearsalAccount does without
        client.create_stack(StackName="app", TemplateBody=body)
        assert missing_resources(server, "app") == []

Stacks are ours (`api`, `operations`, `updates`, `change_sets`): moto's skip types, never roll back and enforce next to
nothing. A resource is made as CloudFormation makes it, by its service's own API (`resource_type` and the modules by
noun); the services are moto's, mended where they drop what they are given (`mended_…`, put in by `installation`).

What it does not know: permissions, quotas, time (a database is there at once, a service runs at once, nothing runs in
it, unless `on_container` tells how it ends), values that are wrong but well-formed, and what differs between regions.

The only room that imports moto; nothing imports it unless asked for a rehearsal.
"""

from compose2aws.rehearsal.crash_loops import Exit
from compose2aws.rehearsal.functions import CustomResourceAnswer, CustomResourceCall
from compose2aws.rehearsal.server import RehearsalAccount, RehearsalServer, missing_resources

__all__ = [
    "CustomResourceAnswer",
    "CustomResourceCall",
    "Exit",
    "RehearsalAccount",
    "RehearsalServer",
    "missing_resources",
]
