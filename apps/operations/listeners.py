"""Counters of a tenant's usage, for the operator: numbers only, no content.

Platform rows are written outside the tenant's transaction, so a listener writes the total and never increments.
"""

from __future__ import annotations

from apps.events import listens_to
from apps.kernel.tenant import current_tenant
from apps.ledger import queries as ledger
from apps.ledger.events import EntryPosted
from apps.periods import queries as periods
from apps.periods.events import PeriodClosed
from apps.tenancy import usage


@listens_to(EntryPosted, queue="audit")
def count_entry(event: EntryPosted) -> None:
    if tenant := current_tenant():
        usage.raise_entries(tenant.id, ledger.entries_posted())


@listens_to(PeriodClosed, queue="audit")
def count_close(event: PeriodClosed) -> None:
    if tenant := current_tenant():
        usage.set_periods_closed(tenant.id, periods.periods_closed())
