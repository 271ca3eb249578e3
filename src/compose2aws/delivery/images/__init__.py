"""The images of a project, each built once: which of them ECR has already, and building and pushing the others.

content   what an image is made of, as one tag: the same inputs, the same tag, on whatever machine
digests   asks ECR for the tags, has the missing ones built, and gives each image's digest
bake      the run of `docker buildx bake`, with a login that is gone when it ends
"""

from compose2aws.delivery.images.bake import build_environment
from compose2aws.delivery.images.content import content_tags
from compose2aws.delivery.images.digests import digests, known_digests
from compose2aws.delivery.images.request import ImageRequest

__all__ = ["ImageRequest", "build_environment", "content_tags", "digests", "known_digests"]
