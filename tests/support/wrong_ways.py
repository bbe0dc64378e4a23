"""Usual ways to do work once that are not right: they lose or double it."""

from __future__ import annotations

from dataclasses import replace

from django.db import connection, transaction

from apps.bus import dispatch
from tests.support.books import sale
from tests.support.financial import CLERK

WAYS = {}


def way(function):
    WAYS[function.__name__] = function
    return function


def work(key):
    dispatch(replace(sale(), memo=key), actor=CLERK)


def key_is_known(key):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM known_keys WHERE key = %s", [key])
        return cursor.fetchone() is not None


def remember(key):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO known_keys VALUES (%s) ON CONFLICT DO NOTHING", [key])


def tell(key):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO told VALUES (%s)", [key])


@way
def key_first(key):
    """The key is set, then the work is done: whoever dies between has lost it."""
    if key_is_known(key):
        return
    remember(key)
    work(key)
    tell(key)


@way
def work_first(key):
    """The work is done, then the key is set: whoever dies between does it twice."""
    if key_is_known(key):
        return
    work(key)
    tell(key)
    remember(key)


@way
def told_after_commit(key):
    """Key and work commit together and the news is sent after that: whoever dies between tells nobody."""
    with transaction.atomic():
        if key_is_known(key):
            return
        remember(key)
        work(key)
        transaction.on_commit(lambda: tell(key))
