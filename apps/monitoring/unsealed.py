"""Audit logs with records that should have been sealed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from django.utils.translation import gettext

from apps.audit import queries as audit
from apps.kernel.db import databases
from apps.kernel.db.tenant_transaction import within
from apps.kernel.tenant import HOME
from apps.tenancy import queries as tenants


def audit_logs(before: dt.datetime) -> list[str]:
    """Names of those with an unsealed record from before this instant. Those of an unreachable database are missing."""
    return [name for name, since in _unsealed_since() if since and since < before]


def _unsealed_since() -> Iterator[tuple[str, dt.datetime | None]]:
    yield gettext("the platform"), audit.unsealed_since()
    for tenant in tenants.active_tenants():
        with databases.skip_if_unreachable(tenant.database or HOME), within(tenant):
            yield tenant.slug, audit.unsealed_since()
