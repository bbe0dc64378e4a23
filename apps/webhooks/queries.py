"""Queries of webhooks."""

from __future__ import annotations

from collections.abc import Sequence

from apps.events import EVENTS

from .models import Endpoint, Message, Received, Source
from .schemes import SCHEMES


def event_names() -> Sequence[str]:
    """The names of all events except internal ones."""
    return sorted(name for name, event in EVENTS.items() if not event.internal)


def scheme_names() -> Sequence[str]:
    return sorted(SCHEMES)


def source_named(name: str) -> Source | None:
    return Source.objects.filter(name=name).first()


def endpoints_with_due_messages() -> Sequence[int]:
    active = Endpoint.objects.active().values("pk")
    due = Message.objects.pending().due().filter(endpoint__in=active)
    return sorted(due.order_by("endpoint").values_list("endpoint_id", flat=True).distinct())


def due_received(limit: int = 200) -> Sequence[int]:
    return list(Received.objects.open().due().order_by("next_at").values_list("pk", flat=True)[:limit])


def dead_messages() -> int:
    return Message.objects.filter(state=Message.State.DEAD).count()


def waiting_messages() -> int:
    return Message.objects.filter(state=Message.State.PENDING).count()
