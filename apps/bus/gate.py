"""Feature gate: settings.FEATURE_GATE decides whether a command is enabled for the current tenant."""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from apps.kernel.actors import Actor

from .commands import Command
from .envelope import Envelope, Next
from .errors import FeatureOff


class FeatureGate(Protocol):
    """Decides for the current tenant whether a feature that a command needs is off."""

    def closed(self, command: type[Command], actor: Actor) -> str:
        """The name of the feature that is off, or nothing when the command may pass."""


def is_enabled(command: type[Command], actor: Actor) -> bool:
    """Whether the features that the command needs are on for the current tenant."""
    return not _gate(settings.FEATURE_GATE).closed(command, actor)


def gate(envelope: Envelope, next: Next) -> Any:
    """Raises FeatureOff before the handler is called, so that a disabled feature changes nothing."""
    must_be_enabled(type(envelope.command), envelope.actor)
    return next(envelope)


def must_be_enabled(command: type[Command], actor: Actor) -> None:
    """Raises FeatureOff. For work outside of the database that is recorded by the command afterwards."""
    if feature := _gate(settings.FEATURE_GATE).closed(command, actor):
        raise FeatureOff(feature=feature, title=command.title())


@cache
def _gate(path: str) -> FeatureGate:
    made: FeatureGate = import_string(path)()
    return made
