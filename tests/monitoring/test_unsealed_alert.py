"""An alert reports records of the audit log that stay unsealed."""

from __future__ import annotations

from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.kernel.clock import now
from apps.kernel.tenant import activate
from apps.monitoring.hookimpls import MAX_UNSEALED, unsealed_audit_logs


def test_a_record_that_stays_unsealed_raises_an_alert_until_it_is_sealed(
    acme, globex, owner, recorded_at, seal_all
):
    for tenant in (acme, globex, None):
        with activate(tenant):
            seal_all()
    with activate(acme), recorded_at(now() - MAX_UNSEALED):
        dispatch(FoundCompany(code="ONE", name="One", currency="EUR"), actor=owner)
    (alert,) = unsealed_audit_logs()
    assert alert.name == "audit:unsealed"
    assert "1 audit log has records older than 10 minutes" in alert.text
    assert "acme" in alert.text

    with activate(acme):
        seal_all()
    assert not [*unsealed_audit_logs()]
