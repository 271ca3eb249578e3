"""Types that we do not describe ourselves but moto makes from templates: its own classes, behind our interface.

moto's CloudFormation classes drop many properties, so they serve only what no template of ours leans on.
"""

# ruff: noqa: ARG002 - every type has the same methods, though not each needs all that they are given

from __future__ import annotations

from typing import Any

from moto.cloudformation import parsing
from moto.cloudformation.exceptions import UnformattedGetAttTemplateException

from compose2aws.rehearsal.calls import ACCOUNT
from compose2aws.rehearsal.refusals import ResourceFailed
from compose2aws.rehearsal.resource_type import Context, Properties, ResourceType

_LEFT_OUT = {"AWS::CloudFormation::Stack", "AWS::SERVICE::RESOURCE", "?", None}


class StockResource(ResourceType):
    """One of moto's own resource classes."""

    def __init__(self, resource_type: str, made_by: Any) -> None:
        self.type = resource_type
        self._class = made_by
        self._made: dict[tuple[str, str], Any] = {}

    def create(self, properties: Properties, context: Context) -> str:
        """Let moto make one."""
        name_property = self._class.cloudformation_name_type()
        generated = parsing.generate_resource_name(self.type, context.stack_name, context.logical_id)
        try:
            made = self._class.create_from_cloudformation_json(
                properties.get(name_property, generated),
                {"Type": self.type, "Properties": properties},
                context.account,
                context.region,
                LogicalId=context.logical_id,
                StackId=context.stack_id,
                ResourceType=self.type,
            )
        except Exception as problem:
            raise ResourceFailed(f"{type(problem).__name__}: {problem}") from problem
        physical_id = str(made.physical_resource_id)
        self._made[context.region, physical_id] = made
        return physical_id

    def update(self, physical_id: str, old: Properties, new: Properties, context: Context) -> str:
        """Let moto change one."""
        try:
            made = self._class.update_from_cloudformation_json(
                self._made[context.region, physical_id],
                physical_id,
                {"Type": self.type, "Properties": new},
                context.account,
                context.region,
            )
        except Exception as problem:
            raise ResourceFailed(f"{type(problem).__name__}: {problem}") from problem
        if made is None:
            return physical_id
        self._made[context.region, str(made.physical_resource_id)] = made
        return str(made.physical_resource_id)

    def delete(self, physical_id: str, properties: Properties, context: Context) -> None:
        """Let moto remove one."""
        made = self._made.pop((context.region, physical_id), None)
        resource = {"Type": self.type, "Properties": properties}
        try:
            if hasattr(made, "delete"):
                made.delete(ACCOUNT, context.region)
            else:
                self._class.delete_from_cloudformation_json(physical_id, resource, ACCOUNT, context.region)
        except Exception as problem:
            raise ResourceFailed(f"{type(problem).__name__}: {problem}") from problem

    def describe(self, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return moto's own object."""
        return self._made.get((context.region, physical_id))

    def find_attribute(self, name: str, physical_id: str, properties: Properties, context: Context) -> Any:
        """Return what moto's object says."""
        try:
            return self._made[context.region, physical_id].get_cfn_attribute(name)
        except (KeyError, NotImplementedError, UnformattedGetAttTemplateException):
            return None


_stock: dict[str, StockResource] = {}


def stock_type(resource_type: str) -> StockResource | None:
    """Return moto's own way to make a type; None when it has none."""
    if resource_type in _LEFT_OUT:
        return None
    if resource_type not in _stock:
        parsing.get_model_list.cache_clear()
        parsing.get_model_map.cache_clear()
        made_by = parsing.get_model_map().get(resource_type)
        if made_by is None:
            return None
        _stock[resource_type] = StockResource(resource_type, made_by)
    return _stock[resource_type]


def forget() -> None:
    """Forget what was made."""
    _stock.clear()
