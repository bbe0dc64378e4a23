"""What web and workers do before anything else: they do not start with settings under which tenants could meet."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from django.core.checks import ERROR, WARNING, CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections

PATIENCE = 60.0
LOOK_AGAIN = 1.0
log = logging.getLogger(__name__)


def refuse_unsafe_settings() -> None:
    """Raises ImproperlyConfigured, which names every fault, the database role's included.

    A database that is away may be starting, as we are. Raises OperationalError after a minute of that.
    """
    found = _what_is_found()
    if faults := [each for each in found if each.level >= ERROR and not each.is_silenced()]:
        raise ImproperlyConfigured("\n".join(str(fault) for fault in faults))
    for each in found:
        if each.level >= WARNING and not each.is_silenced():
            log.warning("%s", each)


def _what_is_found() -> Sequence[CheckMessage]:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            return run_checks(databases=["default"])
        except OperationalError as error:
            connections["default"].close()
            if time.monotonic() > until:
                raise
            log.warning("The database is away, trying again: %s", error)
        time.sleep(LOOK_AGAIN)
