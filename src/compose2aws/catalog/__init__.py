"""`mappings/*.yaml` in, a `Catalog` out: what an image is, and what it becomes. No image name stands in code."""

from compose2aws.catalog.catalog import Catalog, MappingError, load_catalog
from compose2aws.catalog.image import ImageReference, parse_image
from compose2aws.catalog.model import AlarmRule, ImageMapping, KeyRow, Login, SettingRules, VersionRule

__all__ = [
    "AlarmRule",
    "Catalog",
    "ImageMapping",
    "ImageReference",
    "KeyRow",
    "Login",
    "MappingError",
    "SettingRules",
    "VersionRule",
    "load_catalog",
    "parse_image",
]
