"""The functions of a template: `Ref`, `Fn::GetAtt`, `Fn::Sub`, conditions and the rest, turned into plain values."""

from __future__ import annotations

import base64
import ipaddress
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from compose2aws.rehearsal.calls import as_text, service
from compose2aws.rehearsal.refusals import OperationFailed, Refusal
from compose2aws.rehearsal.template import attribute_reference

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


class _NoValue:
    """`AWS::NoValue`: the property that holds it is left out."""


NO_VALUE = _NoValue()


class Values:
    """Evaluates one template against one state of its stack."""

    def __init__(
        self,
        template: dict[str, Any],
        *,
        parameters: Mapping[str, Any],
        pseudo_parameters: Mapping[str, Any],
        physical_id: Callable[[str], str],
        attribute: Callable[[str, str], Any],
        exported: Callable[[str], str],
        region: str,
    ) -> None:
        self._template = template
        self._names = {**pseudo_parameters, **parameters, "AWS::NoValue": NO_VALUE}
        self._physical_id = physical_id
        self._attribute = attribute
        self._exported = exported
        self._region = region
        self._conditions: dict[str, bool] = {}
        self._functions: dict[str, Callable[[Any], Any]] = {
            "Ref": self._ref,
            "Condition": self.condition,
            "Fn::GetAtt": lambda item: self._attribute(*attribute_reference(item)),
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::If": self._if,
            "Fn::Select": self._select,
            "Fn::Split": lambda item: self.of(item[1]).split(item[0]),
            "Fn::FindInMap": self._find_in_map,
            "Fn::ImportValue": lambda item: self._exported(self.of(item)),
            "Fn::GetAZs": self._zones,
            "Fn::Base64": lambda item: base64.b64encode(self.of(item).encode()).decode(),
            "Fn::Cidr": self._cidr,
            "Fn::Equals": lambda item: self._text(item[0]) == self._text(item[1]),
            "Fn::Not": lambda item: not self.of(item[0]),
            "Fn::And": lambda item: all(self.of(part) for part in item),
            "Fn::Or": lambda item: any(self.of(part) for part in item),
            "Fn::ToJsonString": lambda item: json.dumps(self.of(item)),
            "Fn::Length": lambda item: len(self.of(item)),
        }

    def of(self, value: Any) -> Any:
        """Return a template's value with every function replaced by what it gives."""
        if isinstance(value, dict):
            if len(value) == 1:
                name, item = next(iter(value.items()))
                # `Condition` is a function only where conditions stand; elsewhere it is a key (IAM policies).
                if name in self._functions and not (name == "Condition" and not isinstance(item, str)):
                    return self._functions[name](item)
                if name.startswith("Fn::"):
                    raise OperationFailed(f"Template error: {name} is not a function that the rehearsal knows")
            resolved = {key: self.of(item) for key, item in value.items()}
            return {key: item for key, item in resolved.items() if item is not NO_VALUE}
        if isinstance(value, list):
            items = [self.of(item) for item in value]
            return [item for item in items if item is not NO_VALUE]
        return value

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        if name not in self._conditions:
            conditions = self._template.get("Conditions") or {}
            if name not in conditions:
                raise Refusal(f"Template error: unresolved condition dependency: {name}")
            self._conditions[name] = bool(self.of(conditions[name]))
        return self._conditions[name]

    def exists(self, item: dict[str, Any]) -> bool:
        """Whether a resource or output is there at all: it has no condition, or one that holds."""
        return "Condition" not in item or self.condition(item["Condition"])

    def _text(self, value: Any) -> Any:
        return as_text(self.of(value))

    def _ref(self, name: str) -> Any:
        return self._names[name] if name in self._names else self._physical_id(name)

    def _sub(self, item: Any) -> str:
        text, own = (item, {}) if isinstance(item, str) else (item[0], item[1])

        def replacement(match: re.Match[str]) -> str:
            name = match[1]
            if name.startswith("!"):
                return f"${{{name[1:]}}}"
            if name in own:
                return str(self._text(own[name]))
            if "." in name:
                return str(as_text(self._attribute(*attribute_reference(name))))
            return str(as_text(self._ref(name)))

        return _PLACEHOLDER.sub(replacement, text)

    def _join(self, item: Any) -> str:
        separator, parts = item
        separator_text: str = self.of(separator)
        return separator_text.join(str(as_text(part)) for part in self.of(parts))

    def _if(self, item: Any) -> Any:
        name, when_true, when_false = item
        return self.of(when_true if self.condition(name) else when_false)

    def _select(self, item: Any) -> Any:
        index, choices = int(self.of(item[0])), self.of(item[1])
        if not 0 <= index < len(choices):
            raise OperationFailed(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
        return choices[index]

    def _find_in_map(self, item: Any) -> Any:
        name, first, second = (self.of(part) for part in item[:3])
        try:
            return self._template["Mappings"][name][str(first)][str(second)]
        except KeyError as problem:
            if len(item) > 3:
                return self.of(item[3]["DefaultValue"])
            raise Refusal(f"Template error: Unable to get mapping for {name}::{first}::{second}") from problem

    def _zones(self, item: Any) -> list[str]:
        region = self.of(item) or self._region
        zones = service("ec2", region).describe_availability_zones()["AvailabilityZones"]
        return [zone["ZoneName"] for zone in zones]

    def _cidr(self, item: Any) -> list[str]:
        block, count, bits = self.of(item[0]), int(self.of(item[1])), int(self.of(item[2]) if len(item) > 2 else 8)
        network = ipaddress.ip_network(block)
        subnets = network.subnets(new_prefix=network.max_prefixlen - bits)
        return [str(subnet) for subnet, _ in zip(subnets, range(count), strict=False)]
