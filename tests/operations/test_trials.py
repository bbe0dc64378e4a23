"""Trials end by themselves, on the day after their last."""

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
        return trials.end_those_that_are_over()


@pytest.mark.physical_copy
def test_it_is_served_on_its_last_day(on_trial):
    assert after(days=14) == 0

    on_trial.refresh_from_db()
    assert on_trial.state == Tenant.State.TRIAL


@pytest.mark.physical_copy
def test_it_is_suspended_on_the_next_and_told_why(on_trial, mailoutbox):
    with clock.moved_to(clock.now() + dt.timedelta(days=15)):
        end_trials.apply(headers={"tenant": "public"}, throw=True)
    assert after(days=15) == 0

    on_trial.refresh_from_db()
    assert (on_trial.state, on_trial.epoch) == (Tenant.State.SUSPENDED, 1)
    assert on_trial.state_reason.startswith("The trial ended on ")


@pytest.mark.physical_copy
def test_whoever_became_a_customer_stays_one(on_trial, operator):
    Tenant.objects.filter(pk=on_trial.pk).update(state="active")

    assert after(days=30) == 0


@pytest.mark.physical_copy
def test_it_comes_back_as_a_customer(on_trial, operator):
    after(days=15)

    tenant = dispatch(ActivateTenant(tenant_id=on_trial.pk, reason="Paid."), actor=operator)

    assert tenant.state == Tenant.State.ACTIVE
