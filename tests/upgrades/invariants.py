"""What a migration must leave as it is: the trial balance of each tenant, its closed periods, and the audit chains."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from apps.audit.verification import verify
from apps.kernel.tenant import TenantInfo, activate
from apps.ledger.queries import trial_balance
from apps.periods.models import Period
from apps.tenancy.models import Tenant

Invariants = dict[str, Any]


class BrokenChain(Exception):
    """With the faults that were found."""


def of_platform() -> Invariants:
    """By tenant, and of the platform itself."""
    tenants = [tenant.info for tenant in Tenant.objects.order_by("slug")]
    with activate(None):
        audit = _audit_chain()
    return {"audit": audit, "tenants": {tenant.slug: _of_tenant(tenant) for tenant in tenants}}


def _of_tenant(tenant: TenantInfo) -> Invariants:
    with activate(tenant):
        return {
            "trial_balance": [" | ".join(map(str, astuple(row))) for row in trial_balance()],
            "closed_periods": list(
                Period.objects.filter(status="closed").order_by("code").values_list("code", flat=True)
            ),
            "audit": _audit_chain(),
        }


def _audit_chain() -> Invariants:
    """Raises BrokenChain."""
    chain = verify()
    if not chain.intact:
        raise BrokenChain(chain.faults)
    return {"segments": chain.segments, "records": chain.records, "head": chain.head}
