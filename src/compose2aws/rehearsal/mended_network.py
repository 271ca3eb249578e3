"""EC2 where moto lacks it: DHCP options that a VPC has let go of, flow logs that differ in what they log."""

from __future__ import annotations

from typing import Any

from moto.ec2.models import EC2Backend

_associate = EC2Backend.associate_dhcp_options
_make_flow_logs = EC2Backend.create_flow_logs


def associate_dhcp_options(self: Any, dhcp_options: Any, vpc: Any) -> None:
    """Give a VPC other options, and take it off the ones that it had."""
    previous = getattr(vpc, "dhcp_options", None)
    if previous is not None and previous is not dhcp_options:
        previous.vpc = None
    _associate(self, dhcp_options, vpc)


def create_flow_logs(self: Any, **given: Any) -> Any:
    """Begin flow logs; ones that log other traffic do not stand in the way."""
    # (What AWS compares besides the destination is documented as "the same configuration".)
    aside = {name: log for name, log in self.flow_logs.items() if log.traffic_type != given.get("traffic_type")}
    for name in aside:
        del self.flow_logs[name]
    try:
        return _make_flow_logs(self, **given)
    finally:
        self.flow_logs.update(aside)


CHANGES: list[tuple[Any, str, Any, str]] = [
    (EC2Backend, "associate_dhcp_options", associate_dhcp_options, "keeps options assigned that were replaced"),
    (EC2Backend, "create_flow_logs", create_flow_logs, "takes two logs of different traffic for the same"),
]
