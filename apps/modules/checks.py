"""Start-up checks: a wrong set of modules does not start."""

from typing import Any

from django.core.checks import CheckMessage, Error, Warning, register

from apps.bus.registry import commands, handled
from apps.events import EVENTS, SUBSCRIBERS
from apps.kernel.errors import Refusal

from . import registry


@register()
def modules_stand(**_: Any) -> list[CheckMessage]:
    """Every manifest is well-formed and every dependency is there, in no circle."""
    try:
        registry.modules()
    except Refusal as refusal:
        return [Error(str(refusal), id="modules.E001")]
    return []


@register()
def manifests_match_emitted_and_subscribed_events(**_: Any) -> list[CheckMessage]:
    """`publishes` and `hears` are what the code does (row EVT-11)."""
    return [
        Error(f"module {module.name}: {word} says {said or '{}'}, the code {done or '{}'}", id="modules.E002")
        for module in registry.modules()
        for word, said, done in (
            ("publishes", set(module.publishes), _published_by(module.name)),
            ("subscribes", set(module.subscribes), _heard_by(module.name)),
        )
        if said != done
    ]


@register()
def subscribed_events_are_emitted(**_: Any) -> list[CheckMessage]:
    """Nobody waits for an event that no installed module publishes, or that nothing in the code ever tells."""
    published = {name for module in registry.modules() for name in module.publishes}
    told = {event.name for command in commands() for event in handled(command).emits}
    told |= {event.name for event in EVENTS.values() if event.internal}
    heard = [
        (subscriber.name, subscriber.subscribes) for subscriber in SUBSCRIBERS.values() if subscriber.event
    ]
    return [
        *(
            Error(f"{subscriber} hears {name}, which no installed module publishes.", id="modules.E003")
            for subscriber, name in heard
            if name not in published
        ),
        *(
            Warning(f"{subscriber} hears {name}, which no handler tells.", id="modules.W004")
            for subscriber, name in heard
            if name not in told
        ),
    ]


def _published_by(name: str) -> set[str]:
    return {event.name for event in EVENTS.values() if event.__module__ == f"apps.{_folder(name)}.events"}


def _heard_by(name: str) -> set[str]:
    return {subscriber.subscribes for subscriber in SUBSCRIBERS.values() if subscriber.app == _folder(name)}


def _folder(name: str) -> str:
    return name.replace("-", "_")
