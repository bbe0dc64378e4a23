"""Start-up checks: what was told can still be read."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from . import schemas


@register()
def shapes_stay(**_: Any) -> list[CheckMessage]:
    """The fields of an event change with its version only, and older versions have a way to today's."""
    found: list[CheckMessage] = [
        Error(
            f"The fields of {event.__name__} ({event.name}) changed: raise its version above {event.version} and"
            " define upcast().",
            id="events.E001",
        )
        for event in schemas.changed()
    ]
    found += [
        Error(
            f"{event.__name__} ({event.name}) is in version {event.version} and does not say how older ones read"
            " today: define upcast().",
            id="events.E002",
        )
        for event in schemas.without_a_way()
    ]
    if schemas.committed() != schemas.completed():
        found.append(Warning("There are new events: run `manage.py events --write`.", id="events.W003"))
    return found
