"""End of trials, on the day after the last one."""

from __future__ import annotations

import datetime as dt

import pytest

from apps.bus import dispatch
from apps.kernel import clock
from apps.operations import trials
from apps.operations.commands import ActivateTenant, OnboardTenant
from apps.operations.tasks import end_trials
from apps.tenancy.models import Tenant


@pytest.fixture
def on_trial(db, operator):
    command = OnboardTenant(slug="initech", name="Initech", owner_email="o@initech.example", trial_days=14)
    return dispatch(command, actor=operator)


def after(days: int) -> int:
    with clock.moved_to(clock.now() + dt.timedelta(days=days)):
        return trials.end_expired()


@pytest.mark.physical_copy
def test_a_trial_is_open_on_its_last_day(on_trial):
    assert after(days=14) == 0

    on_trial.refresh_from_db()
    assert on_trial.state == Tenant.State.TRIAL


@pytest.mark.physical_copy
def test_a_tenant_is_suspended_after_its_trial(on_trial, mailoutbox):
    with clock.moved_to(clock.now() + dt.timedelta(days=15)):
        end_trials.apply(headers={"tenant": "public"}, throw=True)
    assert after(days=15) == 0

    on_trial.refresh_from_db()
    assert (on_trial.state, on_trial.epoch) == (Tenant.State.SUSPENDED, 1)
    assert on_trial.state_reason.startswith("The trial ended on ")


@pytest.mark.physical_copy
def test_a_customer_is_not_suspended(on_trial, operator):
    Tenant.objects.filter(pk=on_trial.pk).update(state="active")

    assert after(days=30) == 0


@pytest.mark.physical_copy
def test_a_tenant_is_activated_after_its_trial(on_trial, operator):
    after(days=15)

    tenant = dispatch(ActivateTenant(tenant_id=on_trial.pk, reason="Paid."), actor=operator)

    assert tenant.state == Tenant.State.ACTIVE
