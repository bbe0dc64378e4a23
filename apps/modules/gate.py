"""The feature gate until flags are kept in the database: what the environment says is the global level, and the
tenant's plan the next."""

from __future__ import annotations

from django.conf import settings

from apps.bus import Command
from apps.kernel.actors import Actor

from . import registry


class EnvironmentGate:
    """A command passes when its module and its own feature are on (`FEATURE_FLAG_<NAME>`), and the tenant has booked
    the module."""

    def closed(self, command: type[Command], actor: Actor) -> str:
        module = registry.by_name().get(command.app().replace("_", "-"))
        if module and not registry.is_open(module):
            return module.flag or module.name
        return "" if settings.FEATURE_FLAGS.get(command.flag, True) else command.flag
