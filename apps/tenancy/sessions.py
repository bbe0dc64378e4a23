"""Sessions of the consoles: in Redis, under a key of their tenant, and with its name inside (row IDN-06).

The key alone keeps tenants apart already. The name says it again: whatever session another tenant's cookie should ever
lead to, it is empty here.
"""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends.cache import SessionStore as Kept

from apps.kernel.tenant import current_tenant

TENANT = "_tenant"
PLATFORM = 0


class SessionStore(Kept):
    """settings.SESSION_ENGINE."""

    def load(self) -> dict[str, Any]:
        data: dict[str, Any] = super().load()
        if data and data.get(TENANT) != _here():
            self._session_key = None
            return {}
        return data

    def save(self, must_create: bool = False) -> None:
        self._get_session(no_load=must_create)[TENANT] = _here()  # type: ignore[attr-defined]
        super().save(must_create)


def _here() -> int:
    tenant = current_tenant()
    return tenant.id if tenant else PLATFORM
