"""The client of this process for the cache and for messages."""

from __future__ import annotations

import os
from typing import Any

from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

from .redis_url import client_of

NEVER = Retry(NoBackoff(), 0)
"""No retries: callers can continue without Redis, but should not wait for it."""
_clients: dict[int, Any] = {}


def client() -> Any:
    """One client per process: a connection must not cross a fork."""
    pid = os.getpid()
    if pid not in _clients:
        _clients[pid] = client_of(settings.REDIS_URL, socket_timeout=5, socket_connect_timeout=1, retry=NEVER)
    return _clients[pid]
