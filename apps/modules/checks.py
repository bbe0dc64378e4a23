"""Start-up checks: a wrong set of modules does not start."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

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
def manifests_say_what_is_published_and_heard(**_: Any) -> list[CheckMessage]:
    """`publishes` and `hears` are what the code does (row EVT-11)."""
    return [
        Error(f"module {module.name}: {word} says {said or '{}'}, the code {done or '{}'}", id="modules.E002")
        for module in registry.modules()
        for word, said, done in (
            ("publishes", set(module.publishes), _published_by(module.name)),
            ("hears", set(module.hears), _heard_by(module.name)),
        )
        if said != done
    ]


def _published_by(name: str) -> set[str]:
    return {each.name for each in EVENTS.values() if each.__module__ == f"apps.{name}.events"}


def _heard_by(name: str) -> set[str]:
    return {each.hears for each in SUBSCRIBERS.values() if each.app == name}
