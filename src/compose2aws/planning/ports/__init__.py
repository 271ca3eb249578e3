"""Published ports. `stage.py` is the way in; a balancer is a module each."""

from compose2aws.planning.ports.health_path import asked_paths
from compose2aws.planning.ports.rule import rule_priority
from compose2aws.planning.ports.speech import spoken
from compose2aws.planning.ports.stage import Ports, plan_ports

__all__ = ["Ports", "asked_paths", "plan_ports", "rule_priority", "spoken"]
