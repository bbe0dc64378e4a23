"""What an event is, and who hears it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db import connection, transaction

from apps.kernel.clock import now
from apps.kernel.correlation import causation_id, correlation_id
from apps.kernel.plain import to_plain
from apps.kernel.tenant import current_tenant

NAME = re.compile(r"\A[a-z][a-z_]*\.[a-z][a-z_]*\Z")
CHANNEL = "bursar_outbox"


class Event:
    """Something that happened, named in the past tense.

    A subclass is a frozen, keyword-only dataclass of ids and plain values.

    name       `entity.action`, such as "entry.posted" (row EVT-10)
    aggregate  the thing it is about; what happens to one thing is heard in order
    """

    name: ClassVar[str]

    @property
    def aggregate(self) -> str:
        raise NotImplementedError

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if not NAME.match(cls.name):
            raise TypeError(f"{cls.__name__} is named {cls.name!r}; events are named entity.action.")
        if cls.name in EVENTS:
            raise TypeError(f"{cls.name} is already the name of {EVENTS[cls.name].__name__}.")
        EVENTS[cls.name] = cls


EVENTS: dict[str, type[Event]] = {}
E_ = TypeVar("E_", bound=Event)


@dataclass(frozen=True)
class Subscriber:
    """A listener, known for ever by `name` (app and function), and the queue that does its work."""

    name: str
    event: type[Event]
    listener: Callable[[Any], Any]
    queue: str
    own_transactions: bool = False

    @property
    def app(self) -> str:
        return self.name.split(".", maxsplit=1)[0]


SUBSCRIBERS: dict[str, Subscriber] = {}


def listens_to(
    event: type[E_], *, queue: str = "default", own_transactions: bool = False
) -> Callable[[Callable[[E_], Any]], Callable[[E_], Any]]:
    """Marks a listener. It may hear the same news twice and must be right both times; its effects in the
    database commit together with the mark that it has heard.

    One with `own_transactions` is called outside any transaction and marked when it returns: for what talks to
    the world, or commits as it goes.
    """

    def register(listener: Callable[[E_], Any]) -> Callable[[E_], Any]:
        name = f"{listener.__module__.split('.')[1]}.{listener.__name__}"
        if name in SUBSCRIBERS:
            raise TypeError(f"There is already a listener {name}.")
        SUBSCRIBERS[name] = Subscriber(name, event, listener, queue, own_transactions)
        return listener

    return register


def publish(event: Event, *, after: dt.timedelta | None = None) -> None:
    """Tell the world, in the transaction of the change: it is told if and only if the change is kept.

    With `after` it is heard that much later: a wait that stands in a table, and not in a broker.
    """
    from .models import OutboxEvent  # models need the app registry, event classes do not

    if not connection.in_atomic_block:
        raise RuntimeError(f"{event.name} must be published inside the transaction of its change.")
    tenant = current_tenant()
    OutboxEvent.objects.create(
        tenant_id=tenant.id if tenant else None,
        name=event.name,
        aggregate=event.aggregate,
        payload=to_plain(event),
        correlation_id=correlation_id() or "",
        causation_id=causation_id() or "",
        occurred_at=now(),
        due_at=now() + after if after else None,
    )
    if not any(waiting[1] is _wake_relay for waiting in connection.run_on_commit):
        transaction.on_commit(_wake_relay, robust=True)


def _wake_relay() -> None:
    """After the commit and best effort: inside the transaction NOTIFY takes a lock that all commits share, and
    a relay that was not woken looks by itself every second."""
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")
