"""System checks: stored events can be read by the current code."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from . import schemas


@register()
def event_schemas_must_match(**_: Any) -> list[CheckMessage]:
    """The fields of an event change only with its version, and older versions have an upcast."""
    messages: list[CheckMessage] = [
        Error(
            f"The fields of {event.__name__} ({event.name}) changed: raise its version above {event.version} and"
            " define upcast().",
            id="events.E001",
        )
        for event in schemas.changed()
    ]
    messages += [
        Error(
            f"{event.__name__} ({event.name}) is in version {event.version} without an upcast of older versions:"
            " define upcast().",
            id="events.E002",
        )
        for event in schemas.without_upcast()
    ]
    if schemas.committed() != schemas.completed():
        messages.append(Warning("There are new events: run `manage.py events --write`.", id="events.W003"))
    return messages
