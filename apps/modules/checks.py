"""Start-up checks: an invalid set of modules does not start."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from apps.bus.registry import commands, handled
from apps.events import EVENTS, SUBSCRIBERS
from apps.kernel.errors import Refusal

from . import registry

Subscriptions = Sequence[tuple[str, str]]
"""Names of subscribers, each with the name of its event."""


@register()
def modules_are_valid(**_: Any) -> list[CheckMessage]:
    """Every manifest is valid, and dependencies exist without a cycle."""
    try:
        registry.modules()
    except Refusal as refusal:
        return [Error(str(refusal), id="modules.E001")]
    return []


@register()
def manifests_match_emitted_and_subscribed_events(**_: Any) -> list[CheckMessage]:
    """`publishes` and `subscribes` of a manifest match the code."""
    return [
        Error(
            f"module {module.name}: {field} is {declared or '{}'}, in the code {actual or '{}'}",
            id="modules.E002",
        )
        for module in registry.modules()
        for field, declared, actual in (
            ("publishes", set(module.publishes), _published_by(module.name)),
            ("subscribes", set(module.subscribes), _subscribed_by(module.name)),
        )
        if declared != actual
    ]


@register()
def subscribed_events_are_emitted(**_: Any) -> list[CheckMessage]:
    """Each subscribed event is published by an installed module and emitted by a handler."""
    subscriptions = [
        (subscriber.name, subscriber.subscribes) for subscriber in SUBSCRIBERS.values() if subscriber.event
    ]
    return [*_without_publisher(subscriptions), *_without_handler(subscriptions)]


def _without_publisher(subscriptions: Subscriptions) -> Iterator[CheckMessage]:
    published = {name for module in registry.modules() for name in module.publishes}
    for subscriber, name in subscriptions:
        if name not in published:
            message = f"{subscriber} subscribes to {name}, published by no installed module."
            yield Error(message, id="modules.E003")


def _without_handler(subscriptions: Subscriptions) -> Iterator[CheckMessage]:
    emitted = {event.name for command in commands() for event in handled(command).emits}
    emitted |= {event.name for event in EVENTS.values() if event.internal}
    for subscriber, name in subscriptions:
        if name not in emitted:
            yield Warning(f"{subscriber} subscribes to {name}, emitted by no handler.", id="modules.W004")


def _published_by(name: str) -> set[str]:
    return {event.name for event in EVENTS.values() if event.__module__ == f"apps.{_folder(name)}.events"}


def _subscribed_by(name: str) -> set[str]:
    return {subscriber.subscribes for subscriber in SUBSCRIBERS.values() if subscriber.app == _folder(name)}


def _folder(name: str) -> str:
    return name.replace("-", "_")
