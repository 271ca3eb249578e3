"""What every container is told: connections rewritten, secrets taken out. `stage.py` is the way in.

parsing: `written`, `connection_url`, `keyword_string`, `split_variables`, `address`
rewriting: `connection`, `connection_form`, `companion`, `counterpart`, `host_names`
secrets: `secrecy`, `known_secrets`, `concealment`, `parameter_book`
containers: `client`, `environment_values`, `command_line`, `command_values`, `invocation`, `container_values`
"""

from compose2aws.planning.values.container_values import ContainerValues, Reference
from compose2aws.planning.values.stage import Values, plan_values

__all__ = ["ContainerValues", "Reference", "Values", "plan_values"]
