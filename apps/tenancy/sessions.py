"""Sessions of the consoles: in Redis, under a key of the tenant, and with the tenant's id inside.

The key alone separates tenants. The id is a second check: a session of another tenant is empty here. A session that was
idle for SESSION_COOKIE_AGE, or is older than SESSION_MAX_AGE_S, is deleted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.cache import SessionStore as CacheSessionStore

from apps.kernel.clock import now
from apps.kernel.tenant import current_tenant

TENANT = "_tenant"
BEGAN_AT, SEEN_AT = "_began_at", "_seen_at"
"""Sign-in, and the last recorded request, as Unix time."""
PLATFORM = 0
SEEN_PRECISION = 60
"""A request is recorded if the last one is older than this part of the idle limit, so most requests write nothing."""


class SessionStore(CacheSessionStore):
    """settings.SESSION_ENGINE."""

    if TYPE_CHECKING:  # private, and unknown to the stubs

        def _get_session(self, no_load: bool = False) -> dict[str, Any]: ...

    def load(self) -> dict[str, Any]:
        data: dict[str, Any] = super().load()
        if data and data.get(TENANT) != _current_id():
            self._session_key = None
            return {}
        if _is_over(data):
            self.delete(self._session_key)
            self._session_key = None
            return {}
        if data and _idle_s(data) >= settings.SESSION_COOKIE_AGE // SEEN_PRECISION:
            self.modified = True
        return data

    def save(self, must_create: bool = False) -> None:
        data, at = self._get_session(no_load=must_create), int(now().timestamp())
        data[TENANT], data[SEEN_AT] = _current_id(), at
        if SESSION_KEY in data:
            data.setdefault(BEGAN_AT, at)
        super().save(must_create)


def _is_over(data: dict[str, Any]) -> bool:
    age_s = int(now().timestamp()) - int(data.get(BEGAN_AT, now().timestamp()))
    return _idle_s(data) >= settings.SESSION_COOKIE_AGE or age_s >= settings.SESSION_MAX_AGE_S


def _idle_s(data: dict[str, Any]) -> int:
    at = int(now().timestamp())
    return at - int(data.get(SEEN_AT, at))


def _current_id() -> int:
    tenant = current_tenant()
    return tenant.id if tenant else PLATFORM
