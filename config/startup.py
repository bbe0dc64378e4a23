"""Checks at the start of a process: wrong keys, and unsafe settings, which could mix tenants, stop it."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from django.conf import settings
from django.core.checks import ERROR, WARNING, CheckMessage, run_checks
from django.core.exceptions import ImproperlyConfigured
from django.db import OperationalError, connections

from config.env import env
from config.keys import checks
from config.keys.kinds import Kind, declare

DATABASE_WAIT_S = 60.0
RETRY_AFTER_S = 1.0
log = logging.getLogger(__name__)


def refuse_wrong_keys(*kinds: Kind) -> None:
    """Raises ImproperlyConfigured with all faults of the keys of a process of these kinds."""
    declare(*kinds)  # before the settings: those of production check the keys too
    checks.refuse_wrong_keys(env(), kinds, strict=settings.KEYS_ARE_STRICT)


def refuse_unsafe_settings() -> None:
    """Raises ImproperlyConfigured with all errors of the system checks, those of the database role included.

    Waits for a database that is still starting, and raises OperationalError after DATABASE_WAIT_S.
    """
    messages = [message for message in _check_messages() if not message.is_silenced()]
    if errors := [message for message in messages if message.level >= ERROR]:
        raise ImproperlyConfigured("\n".join(map(str, errors)))
    for message in messages:
        if message.level >= WARNING:
            log.warning("%s", message)


def _check_messages() -> Sequence[CheckMessage]:
    until = time.monotonic() + DATABASE_WAIT_S
    while True:
        try:
            return run_checks(databases=["default"])
        except OperationalError as error:
            connections["default"].close()
            if time.monotonic() > until:
                raise
            log.warning("The database is unavailable, retrying: %s", error)
        time.sleep(RETRY_AFTER_S)
