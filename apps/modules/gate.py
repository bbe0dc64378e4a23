"""The feature gate: flags in the environment apply to all tenants, and the plan of a tenant to its modules."""

from __future__ import annotations

from django.conf import settings

from apps.bus import Command
from apps.kernel.actors import Actor

from . import registry


class EnvironmentGate:
    """A command passes if its module and its own feature are on (`FEATURE_FLAG_<NAME>`), and the tenant's plan has
    the module."""

    def closed(self, command: type[Command], actor: Actor) -> str:
        module = registry.by_name().get(command.app().replace("_", "-"))
        if module and not registry.is_open(module):
            return module.flag or module.name
        return "" if settings.FEATURE_FLAGS.get(command.flag, True) else command.flag
