"""Stamps: each area of a tenant has a random stamp that is part of all its keys, so that one write makes the area
unreachable without scanning keys."""

from __future__ import annotations

import secrets
from collections.abc import Collection

from django.db import transaction

from . import pubsub
from .redis_client import client

CHANNEL = "stamps"


class Bump:
    """Replaces the stamp of an area after the transaction that changes it. Until then this transaction bypasses the
    cache, because its reads may be rolled back."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.__qualname__ = f"the bump of {name}"  # the name in Django's log if it fails

    def __call__(self) -> None:
        STAMPS.bump(self.name)

    def is_due(self) -> bool:
        waiting = transaction.get_connection().run_on_commit
        return any(isinstance(entry[1], Bump) and entry[1].name == self.name for entry in waiting)


def is_any_due(names: Collection[str]) -> bool:
    """Whether the current transaction replaces one of these stamps at its end."""
    waiting = transaction.get_connection().run_on_commit
    return bool(waiting) and any(isinstance(entry[1], Bump) and entry[1].name in names for entry in waiting)


class Stamps:
    """The current stamp of every area, held in memory while a pub/sub listener receives changes.

    A stamp is random and not a counter: after a flush of Redis a counter would repeat earlier values.
    """

    def __init__(self) -> None:
        self._known: dict[str, str] = {}
        self._listener = pubsub.PubSubListener(CHANNEL, self._take, connected=self.forget)

    def of(self, name: str) -> str:
        if self._listener.listen():
            self.forget()  # stamps of the parent process
        if self._listener.listening.is_set() and name in self._known:
            return self._known[name]
        stamp = self._fetch(name)
        if self._listener.listening.is_set():
            self._known.setdefault(name, stamp)
        return stamp

    def known(self, name: str) -> str | None:
        """The stamp, if this process knows it without a network call. None while its listener is disconnected."""
        if self._listener.listen():
            self.forget()
        return self._known.get(name) if self._listener.listening.is_set() else None

    @property
    def is_listening(self) -> bool:
        """Whether changes arrive."""
        return self._listener.listening.is_set()

    def bump(self, name: str) -> None:
        stamp = self._known[name] = new_stamp()
        pubsub.set_and_publish(name, stamp, CHANNEL)

    def forget(self) -> None:
        """Messages sent while the listener was disconnected are lost, so known stamps may be stale."""
        self._known.clear()

    def _fetch(self, name: str) -> str:
        """The first process to read a stamp creates it; an existing stamp is not overwritten."""
        created = new_stamp()
        existing = client().set(name, created, nx=True, get=True)
        return existing.decode() if existing else created

    def _take(self, message: pubsub.Message) -> None:
        name, stamp = message.payload
        self._known[name] = stamp


def new_stamp() -> str:
    return secrets.token_hex(8)


STAMPS = Stamps()
