"""Common but incorrect ways to execute work once: they lose or double it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from django.db import connection, transaction

from apps.bus import dispatch
from tests.support.books import sale
from tests.support.financial import CLERK

Way = Callable[[str], None]
WAYS: dict[str, Way] = {}


def way(function: Way) -> Way:
    WAYS[function.__name__] = function
    return function


def work(key: str) -> None:
    dispatch(replace(sale(), memo=key), actor=CLERK)


def key_is_known(key: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM known_keys WHERE key = %s", [key])
        return cursor.fetchone() is not None


def remember(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO known_keys VALUES (%s) ON CONFLICT DO NOTHING", [key])


def publish_key(key: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO published_keys VALUES (%s)", [key])


@way
def key_first(key: str) -> None:
    """The key is stored before the work: a crash in between loses the work."""
    if key_is_known(key):
        return
    remember(key)
    work(key)
    publish_key(key)


@way
def work_first(key: str) -> None:
    """The key is stored after the work: a crash in between repeats the work."""
    if key_is_known(key):
        return
    work(key)
    publish_key(key)
    remember(key)


@way
def published_after_commit(key: str) -> None:
    """The event is published after the commit of key and work: a crash in between loses the event."""
    with transaction.atomic():
        if key_is_known(key):
            return
        remember(key)
        work(key)
        transaction.on_commit(lambda: publish_key(key))
