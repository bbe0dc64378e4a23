"""The feature gate until flags are kept in the database: what the environment says is the global level."""

from __future__ import annotations

from django.conf import settings

from apps.bus import Command
from apps.kernel.actors import Actor

from . import registry


class EnvironmentGate:
    """A command passes when its module and its own feature are on (`FEATURE_FLAG_<NAME>`)."""

    def closed(self, command: type[Command], actor: Actor) -> str:
        module = registry.by_name().get(command.app().replace("_", "-"))
        if module and not registry.is_on(module):
            return module.flag or module.name
        return "" if settings.FEATURE_FLAGS.get(command.flag, True) else command.flag
