"""Reads of scheduled commands."""

from __future__ import annotations

from django.conf import settings

from apps.bus import Command
from apps.bus.registry import commands
from apps.kernel.tenant import current_tenant

from .models import ScheduledCommand, ScheduledCommandQuerySet


def schedulable_commands() -> list[type[Command]]:
    """The commands that can be scheduled on the current plane, sorted by name."""
    return [shape for shape in commands() if is_schedulable(shape)]


def is_schedulable(shape: type[Command]) -> bool:
    """Whether the command declares it, and belongs to the current plane."""
    if current_tenant():
        return shape.schedulable and not shape.platform
    return shape.schedulable and (shape.platform or f"apps.{shape.app()}" in settings.SHARED_APPS)


def scheduled_commands(state: str = "") -> ScheduledCommandQuerySet:
    """Newest first."""
    scheduled = ScheduledCommand.objects.order_by("-id")
    return scheduled.filter(state=state) if state else scheduled


def waiting() -> int:
    return ScheduledCommand.objects.waiting().count()
