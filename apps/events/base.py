"""Events and their subscribers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from apps.kernel.naming import app_of, derived_name, explicit_name
from apps.kernel.plain import from_plain

NAME = re.compile(r"\A[a-z][a-z_]*\.[a-z][a-z_]*\Z")
EVERY = "*"
"""The subscription to every event, here and in a module's manifest."""


class Event:
    """A business event, named in the past tense.

    A subclass is a frozen, keyword-only dataclass of ids and plain values.

    name       `entity.action`, such as "entry.posted"
    version    raised whenever the fields change; `schemas.json` has the schema of each version
    aggregate  the object of the event; events of one aggregate are delivered in order
    instrumented_as  the name of its business event in kernel.observability.instrumentation, if it has one
    internal   True for events between Bursar's own modules, such as the resumption of a saga: not for webhooks
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
        """Converts a payload of an older version to this version."""
        return payload

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "name" not in vars(cls):
            return  # a base class of several events
        if not NAME.match(cls.name):
            raise TypeError(f"{cls.__name__} is named {cls.name!r}; events are named entity.action.")
        if cls.name in EVENTS:
            raise TypeError(f"{cls.name} is already the name of {EVENTS[cls.name].__name__}.")
        EVENTS[cls.name] = cls


EVENTS: dict[str, type[Event]] = {}
E_ = TypeVar("E_", bound=Event)


class VersionUnknown(LookupError):
    """Published by a newer release. The delivery waits for a worker of that release."""


@dataclass(frozen=True, kw_only=True)
class EventEnvelope:
    """An event as it was published, without its class: the argument of a listener of every event."""

    id: int
    name: str
    version: int
    aggregate: str
    payload: dict[str, Any]
    occurred_at: dt.datetime
    correlation_id: str

    def read(self, event: type[E_]) -> E_:
        """The event in the current version. Raises VersionUnknown or ValidationError."""
        if self.version > event.version:
            raise VersionUnknown(
                f"{self.name} was published in version {self.version}; known is {event.version}."
            )
        payload = self.payload
        if self.version < event.version:
            payload = event.upcast(dict(payload), self.version)
        return from_plain(event, payload)


@dataclass(frozen=True)
class Subscriber:
    """A listener with a permanent `name` and the queue of its deliveries.

    The name is derived from app and function, or explicit, so that it survives a move to another app.
    `event` is None for a listener of every event.
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

    def matches(self, name: str) -> bool:
        if self.event:
            return self.event.name == name
        return not (name in EVENTS and EVENTS[name].internal)

    def handle(self, envelope: EventEnvelope) -> None:
        self.listener(envelope.read(self.event) if self.event else envelope)


SUBSCRIBERS: dict[str, Subscriber] = {}


def listens_to(
    event: type[E_], *, queue: str = "default", own_transactions: bool = False, name: str = ""
) -> Callable[[Callable[[E_], Any]], Callable[[E_], Any]]:
    """Registers a listener, which must be idempotent. Its database effects and the state of the delivery commit
    together.

    With `own_transactions` the listener runs outside a transaction and the delivery is marked afterwards: for network
    calls and for listeners that commit several times.
    """

    def register(listener: Callable[[E_], Any]) -> Callable[[E_], Any]:
        _subscribe(event, listener, queue, own_transactions, name)
        return listener

    return register


def listens_to_all(
    *, queue: str = "default", own_transactions: bool = False, name: str = ""
) -> Callable[[Callable[[EventEnvelope], Any]], Callable[[EventEnvelope], Any]]:
    """Registers a listener of every event except internal ones. It receives an EventEnvelope; its module's manifest
    subscribes to "*"."""

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
