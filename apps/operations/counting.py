"""Usage of a tenant, counted from its tables every few minutes and stored on the platform for the operator.

Each run writes totals, so a repeated or missing run does no harm.
"""

from __future__ import annotations

import datetime as dt

from apps.audit import queries as audit
from apps.events import queries as events
from apps.identity import queries as identity
from apps.kernel.clock import now, today
from apps.kernel.tenant import TenantInfo
from apps.ledger import queries as ledger
from apps.periods import queries as periods
from apps.tenancy import usage

DAY = dt.timedelta(days=1)


def count(tenant: TenantInfo) -> None:
    """In the tenant's context."""
    commands = audit.command_minutes(now() - DAY).figures()
    figures = {
        "entries_posted": ledger.entries_posted(),
        "periods_closed": periods.periods_closed(),
        "users": identity.active_users(),
        "dead_letters": events.dead_letters(),
        "bytes": usage.schema_bytes(tenant.schema),
        "commands": commands.commands,
        "refusals": commands.refused,
        "failures": commands.failed,
    }
    usage.store(tenant.id, figures, day=today())
