"""What an event is, and who hears it."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from django.db import connection, transaction

from apps.kernel.clock import now
from apps.kernel.correlation import causation_id, correlation_id
from apps.kernel.inserting import insert
from apps.kernel.naming import app_of, derived_name, explicit_name
from apps.kernel.plain import from_plain, to_plain
from apps.kernel.tenant import current_tenant
from apps.kernel.traceparent import current_trace

from .instrumentation import note_after_commit

NAME = re.compile(r"\A[a-z][a-z_]*\.[a-z][a-z_]*\Z")
CHANNEL = "bursar_outbox"
EVERY = "*"
"""What a listener of every event says that it hears, here and in its module's manifest."""


class Event:
    """Something that happened, named in the past tense.

    A subclass is a frozen, keyword-only dataclass of ids and plain values.

    name       `entity.action`, such as "entry.posted" (row EVT-10)
    version    raised whenever the fields change; `schemas.json` remembers the shape of each version
    aggregate  the thing it is about; what happens to one thing is heard in order
    instrumented_as  its name for those who watch the business (kernel.instrumentation), where it has one
    internal   True for what only the house itself hears, such as that a saga goes on: not for webhooks
    """

    name: ClassVar[str]
    version: ClassVar[int] = 1
    internal: ClassVar[bool] = False
    instrumented_as: ClassVar[str] = ""

    @property
    def aggregate(self) -> str:
        raise NotImplementedError

    @classmethod
    def upcast(cls, payload: dict[str, Any], from_version: int) -> dict[str, Any]:
        """What was told in an older version, in the words of this one."""
        return payload

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            return  # what several events have in common
        if not NAME.match(cls.name):
            raise TypeError(f"{cls.__name__} is named {cls.name!r}; events are named entity.action.")
        if cls.name in EVENTS:
            raise TypeError(f"{cls.name} is already the name of {EVENTS[cls.name].__name__}.")
        EVENTS[cls.name] = cls


EVENTS: dict[str, type[Event]] = {}
E_ = TypeVar("E_", bound=Event)


class VersionUnknown(LookupError):
    """Told by a newer release than this one. It waits for a worker that knows."""


@dataclass(frozen=True, kw_only=True)
class EventEnvelope:
    """An event as it was told, whatever its class: what a listener of every event is given."""

    id: int
    name: str
    version: int
    aggregate: str
    payload: dict[str, Any]
    occurred_at: dt.datetime
    correlation_id: str

    def read(self, event: type[E_]) -> E_:
        """As an instance of today's class. Raises VersionUnknown, or ValidationError where it does not fit."""
        if self.version > event.version:
            raise VersionUnknown(f"{self.name} was told in version {self.version}, known is {event.version}.")
        payload = self.payload
        if self.version < event.version:
            payload = event.upcast(dict(payload), self.version)
        return from_plain(event, payload)


@dataclass(frozen=True)
class Subscriber:
    """A listener, known for ever by `name` (app and function, or an explicit one, which a move to another app does not
    change), and the queue that does its work.

    `event` is None for one that hears every event, as News.
    """

    name: str
    event: type[Event] | None
    listener: Callable[[Any], Any]
    queue: str
    own_transactions: bool = False

    @property
    def app(self) -> str:
        return app_of(self.listener)

    @property
    def subscribes(self) -> str:
        return self.event.name if self.event else EVERY

    def wants(self, name: str) -> bool:
        if self.event:
            return self.event.name == name
        return not (name in EVENTS and EVENTS[name].internal)

    def handle(self, envelope: EventEnvelope) -> None:
        self.listener(envelope.read(self.event) if self.event else envelope)


SUBSCRIBERS: dict[str, Subscriber] = {}


def listens_to(
    event: type[E_], *, queue: str = "default", own_transactions: bool = False, name: str = ""
) -> Callable[[Callable[[E_], Any]], Callable[[E_], Any]]:
    """Marks a listener. It may hear the same news twice and must be right both times; its effects in the
    database commit together with the mark that it has heard.

    One with `own_transactions` is called outside any transaction and marked when it returns: for what talks to
    the world, or commits as it goes.
    """

    def register(listener: Callable[[E_], Any]) -> Callable[[E_], Any]:
        _subscribe(event, listener, queue, own_transactions, name)
        return listener

    return register


def listens_to_all(
    *, queue: str = "default", own_transactions: bool = False, name: str = ""
) -> Callable[[Callable[[EventEnvelope], Any]], Callable[[EventEnvelope], Any]]:
    """Marks a listener of every event there is and will be but internal ones, who is given News. Its module hears
    "*"."""

    def register(listener: Callable[[EventEnvelope], Any]) -> Callable[[EventEnvelope], Any]:
        _subscribe(None, listener, queue, own_transactions, name)
        return listener

    return register


def _subscribe(
    event: type[Event] | None,
    listener: Callable[[Any], Any],
    queue: str,
    own_transactions: bool,
    explicit: str,
) -> None:
    name = explicit_name(explicit) or derived_name(listener)
    if name in SUBSCRIBERS:
        raise TypeError(f"There is already a listener {name}.")
    SUBSCRIBERS[name] = Subscriber(name, event, listener, queue, own_transactions)


def _refuse_undeclared(event: Event) -> None:
    declared = _emittable.get()
    if declared is not None and not event.internal and type(event) not in declared:
        raise RuntimeError(f"{event.name} is not among what this handler tells: @handles(…, tells=(…,)).")


_emittable: ContextVar[tuple[type[Event], ...] | None] = ContextVar("emittable", default=None)


@contextmanager
def emitting_only(events: tuple[type[Event], ...]) -> Iterator[None]:
    """Inside the block no other business event may be told: what is written beside a handler is then true."""
    token = _emittable.set(events)
    try:
        yield
    finally:
        _emittable.reset(token)


def publish(event: Event, *, after: dt.timedelta | None = None) -> None:
    """Tell the world, in the transaction of the change: it is told if and only if the change is kept.

    With `after` it is heard that much later: a wait that stands in a table, and not in a broker.
    """
    from .models import OutboxEvent  # models need the app registry, event classes do not

    if not connection.in_atomic_block:
        raise RuntimeError(f"{event.name} must be published inside the transaction of its change.")
    _refuse_undeclared(event)
    tenant, payload, at = current_tenant(), to_plain(event), now()
    insert(
        OutboxEvent(
            tenant_id=tenant.id if tenant else None,
            name=event.name,
            version=event.version,
            aggregate=event.aggregate,
            payload=payload,
            correlation_id=correlation_id() or "",
            causation_id=causation_id() or "",
            traceparent=str(current_trace() or ""),
            occurred_at=at,
            due_at=at + after if after else None,
        )
    )
    note_after_commit(event, payload, at)
    wake_relay()


def wake_relay() -> None:
    """After the commit and best effort: inside the transaction NOTIFY takes a lock that all commits share, and
    a relay that was not woken looks by itself every second."""
    if not any(waiting[1] is _notify for waiting in connection.run_on_commit):
        transaction.on_commit(_notify, robust=True)


def _notify() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"NOTIFY {CHANNEL}")
