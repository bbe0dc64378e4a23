"""End of trials: a tenant still on trial after its last day is suspended, and its administrators are notified."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.clock import today
from apps.kernel.errors import Refusal
from apps.tenancy import queries as tenants

from .commands import SuspendTenant

if TYPE_CHECKING:
    from apps.tenancy.models import Tenant

CALENDAR = System("The calendar")
log = logging.getLogger(__name__)


def end_expired() -> int:
    """Returns the number of trials ended. A refusal does not delay other tenants, and the next run retries it."""
    return sum(_end(tenant) for tenant in tenants.expired_trials(today()))


def _end(tenant: Tenant) -> bool:
    command = SuspendTenant(tenant_id=tenant.pk, reason=f"The trial ended on {tenant.trial_ends_on}.")
    try:
        dispatch(command, actor=CALENDAR)
    except Refusal as refusal:
        log.warning("The trial of %s could not be ended: %s", tenant.slug, refusal)
        return False
    return True
