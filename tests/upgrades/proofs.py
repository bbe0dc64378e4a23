"""What a migration must leave as it is: the trial balance of each tenant, its closed periods, and the audit chains."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from apps.audit.verification import verify
from apps.kernel.tenant import TenantInfo, activate
from apps.ledger.queries import trial_balance
from apps.periods.models import Period
from apps.tenancy.models import Tenant

Proofs = dict[str, Any]


class BrokenChain(Exception):
    """With the faults that were found."""


def of_platform() -> Proofs:
    """By tenant, and of the platform itself."""
    tenants = [each.info for each in Tenant.objects.order_by("slug")]
    with activate(None):
        audit = _audit_chain()
    return {"audit": audit, "tenants": {each.slug: _of_tenant(each) for each in tenants}}


def _of_tenant(tenant: TenantInfo) -> Proofs:
    with activate(tenant):
        return {
            "trial_balance": [" | ".join(map(str, astuple(row))) for row in trial_balance()],
            "closed_periods": list(
                Period.objects.filter(status="closed").order_by("code").values_list("code", flat=True)
            ),
            "audit": _audit_chain(),
        }


def _audit_chain() -> Proofs:
    """Raises BrokenChain."""
    found = verify()
    if not found.intact:
        raise BrokenChain(found.faults)
    return {"segments": found.segments, "records": found.records, "head": found.head}
