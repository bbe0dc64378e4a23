"""How the sender of the current request proved their identity, and when.

A process without requests, such as a worker or the command line, has none: there is no person to ask.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Authentication:
    """Of one request.

    at         the last time that a person proved their identity in this session; None if that is unknown
    is_person  False for a program, which cannot be asked for a password
    """

    at: dt.datetime | None = None
    is_person: bool = True


_current: ContextVar[Authentication | None] = ContextVar("authentication", default=None)


def current_authentication() -> Authentication | None:
    return _current.get()


@contextmanager
def authenticated_by(authentication: Authentication) -> Iterator[None]:
    """The request inside the block has this authentication."""
    token = _current.set(authentication)
    try:
        yield
    finally:
        _current.reset(token)


def note_authentication(at: dt.datetime | None, *, is_person: bool = True) -> None:
    """Replaces the authentication of the current request: a token or a password takes the place of the session."""
    if (current := _current.get()) is not None:
        current.at, current.is_person = at, is_person
