"""The backup policy of a tenant, and the page of the console."""

from __future__ import annotations

import pytest

from apps.audit.models import Record
from apps.backups import queries
from apps.backups.commands import SetBackupPolicy
from apps.backups.errors import PolicyIsNegative
from apps.backups.models import Backup
from apps.backups.schedule import jobs, restore_drills
from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.errors import Forbidden
from tests.support.backups import later, make_due, verb

SUITE = System("The suite")


def policy(tenant, **fields):
    dispatch(SetBackupPolicy(tenant_id=tenant.id, reason="By contract.", **fields), actor=SUITE)


def test_the_policy_of_a_tenant_overrides_the_platform_default(platform, monkeypatch):
    policy(platform, interval_hours=1, retention_days=60, max_count=2)
    make_due()

    for hours in (2, 4, 6):
        later(monkeypatch, hours=hours)
        assert make_due() == {"acme"}
    assert jobs.prune() == 2
    assert Backup.objects.done().filter(slug="acme").count() == 2

    later(monkeypatch, days=50)
    assert jobs.prune() == 0
    later(monkeypatch, days=100)
    assert jobs.prune() == 1, "the newest stays"


def test_a_policy_change_is_in_the_audit_log_with_its_reason(platform, operator):
    printed = verb(
        "backup-policy", "acme", "--interval-hours", "6", "--max-count", "9", "--reason", "They pay for it."
    )
    assert printed["interval_hours"] == 6
    status = next(status for status in queries.statuses() if status.tenant.slug == "acme")
    assert str(status.policy) == "every 6 h, retained 30 days, 9 at most"
    record = Record.objects.get(command="tenancy.set_backup_policy")
    assert (record.reason, record.subject_id) == ("They pay for it.", str(platform.id))

    with pytest.raises(PolicyIsNegative):
        policy(platform, interval_hours=-1)


def test_setting_a_policy_without_permission_is_refused(platform, user_without_role):
    with pytest.raises(Forbidden):
        dispatch(SetBackupPolicy(tenant_id=platform.id, reason="A test."), actor=user_without_role)


def test_the_console_shows_policies_backups_restore_drills(platform, operator, client_for):
    policy(platform, interval_hours=6)
    make_due()
    restore_drills.run_now()
    Backup.objects.create(tenant_id=platform.id, slug="acme", begun_at=jobs.now(), percent=40)
    restore_drills.RestoreDrill.objects.create(
        backup=Backup.objects.done().first(),
        state="failed",
        begun_at=jobs.now(),
        last_error="It was too heavy.",
    )
    client = client_for(operator, None)

    page = client.get("/backups/").content.decode()
    for text in ("every 6 h, retained 30 days", "running, 40 %", "It was too heavy.", "acme of"):
        assert text in page
    form = client.get(f"/tenants/{platform.id}/backup-policy/")
    assert form.context["form"].initial["interval_hours"] == 6
