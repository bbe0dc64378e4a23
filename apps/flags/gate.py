"""The feature gate of the bus: a command passes while the flags of its module and of itself are on for the tenant."""

from __future__ import annotations

from apps.bus import Command
from apps.kernel.actors import Actor
from apps.modules import registry

from .queries import is_open


class FlagGate:
    """settings.FEATURE_GATE. The module must be in the tenant's plan too."""

    def closed(self, command: type[Command], actor: Actor) -> str:
        module = registry.by_name().get(command.app().replace("_", "-"))
        if module and not registry.is_open(module, actor):
            return module.flag or module.name
        if command.flag and not is_open(command.flag, actor=actor):
            return command.flag
        return ""
