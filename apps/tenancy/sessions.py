"""Sessions of the consoles: in Redis, under a key of the tenant, and with the tenant's id inside.

The key alone separates tenants. The id is a second check: a session of another tenant is empty here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.sessions.backends.cache import SessionStore as CacheSessionStore

from apps.kernel.tenant import current_tenant

TENANT = "_tenant"
PLATFORM = 0


class SessionStore(CacheSessionStore):
    """settings.SESSION_ENGINE."""

    if TYPE_CHECKING:  # private, and unknown to the stubs

        def _get_session(self, no_load: bool = False) -> dict[str, Any]: ...

    def load(self) -> dict[str, Any]:
        data: dict[str, Any] = super().load()
        if data and data.get(TENANT) != _current_id():
            self._session_key = None
            return {}
        return data

    def save(self, must_create: bool = False) -> None:
        self._get_session(no_load=must_create)[TENANT] = _current_id()
        super().save(must_create)


def _current_id() -> int:
    tenant = current_tenant()
    return tenant.id if tenant else PLATFORM
