"""Compose services that move to managed ones. A family is a module here, an item of the model and an emitter."""

from compose2aws.planning.managed.move import Moved, move

__all__ = ["Moved", "move"]
