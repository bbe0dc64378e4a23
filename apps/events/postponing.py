"""Work that waits for a condition, such as an open period: it is repeated without counting its attempts.

A refusal with `postpones` says so. Observers are called after the rollback, so that an app can notify people.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable

from apps.kernel.errors import Refusal

DELAY = dt.timedelta(minutes=15)
"""Until the next attempt."""
Observer = Callable[[Refusal], None]
_observers: list[Observer] = []
log = logging.getLogger(__name__)


def when_postponed(observer: Observer) -> Observer:
    """Registers a function that is called with the refusal, in the tenant of the work and outside its transaction."""
    if observer not in _observers:
        _observers.append(observer)
    return observer


def is_postponed(error: Exception) -> bool:
    return isinstance(error, Refusal) and error.postpones


def report(error: Exception) -> None:
    """Calls the observers; an error of an observer does not change the outcome of the work."""
    for observer in _observers:
        try:
            if isinstance(error, Refusal):
                observer(error)
        except Exception:
            log.exception("An observer of postponed work failed.")
