"""An AWS account made of moto, in this process: what a deployment is tried on before it meets a real one.

The only room that imports moto; nothing imports it unless asked for a rehearsal.
"""

from compose2aws.rehearsal.functions import CustomResourceAnswer, CustomResourceCall
from compose2aws.rehearsal.server import RehearsalAccount, RehearsalServer, missing_resources

__all__ = [
    "CustomResourceAnswer",
    "CustomResourceCall",
    "RehearsalAccount",
    "RehearsalServer",
    "missing_resources",
]
