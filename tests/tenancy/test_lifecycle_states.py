"""Transitions of a tenant: the legal ones, their effects, and their enforcement by the database."""

from __future__ import annotations

import dataclasses
import datetime as dt

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from apps.audit.models import Record
from apps.bus import dispatch, dry_run
from apps.bus.errors import PermissionDenied
from apps.events.models import OutboxEvent
from apps.kernel.clock import today
from apps.kernel.db.violations import refusal_behind
from apps.tenancy import directory
from apps.tenancy.commands import (
    CreateTenant,
    DiscardTenant,
    QueueTenantForDeletion,
    SetMode,
    SetTenantActive,
    SetTenantArchived,
    SetTenantSuspended,
)
from apps.tenancy.errors import (
    ModeUnknown,
    ReasonMissing,
    TenantCannotBecome,
    TenantEpochMustGrow,
    TenantIsNotPending,
)
from apps.tenancy.lifecycle import AVAILABILITY, OF_MODE, OF_STATE, availability_of, having
from apps.tenancy.models import Tenant

State, Mode = Tenant.State, Tenant.Mode
SOON = dt.date(2099, 1, 1)


def row(tenant):
    return Tenant.objects.get(pk=tenant.id)


def suspend(tenant, actor):
    return dispatch(SetTenantSuspended(tenant_id=tenant.id, reason="Unpaid."), actor=actor)


def pending(actor):
    return dispatch(
        CreateTenant(slug="initech", name="Initech", owner_email="o@initech.example"), actor=actor
    )


def test_a_suspension_records_date_and_reason(acme, operator):
    suspend(acme, operator)

    assert (row(acme).state, row(acme).state_reason) == (State.SUSPENDED, "Unpaid.")
    assert row(acme).state_since.date() == today()
    assert directory.by_slug("acme").state == State.SUSPENDED


def test_a_suspension_starts_a_new_epoch(acme, operator):
    suspend(acme, operator)
    assert row(acme).epoch == acme.epoch + 1

    dispatch(SetTenantActive(tenant_id=acme.id), actor=operator)
    assert row(acme).epoch == acme.epoch + 1  # an activation starts no new epoch


def test_a_suspension_is_published_and_audited_with_its_reason(acme, operator):
    suspend(acme, operator)

    published = OutboxEvent.objects.filter(name="tenant.suspended").get()
    assert (published.tenant_id, published.payload["slug"], published.payload["reason"]) == (
        None,
        "acme",
        "Unpaid.",
    )
    record = Record.objects.filter(command="tenancy.set_tenant_suspended").get()
    assert record.sentence == "Olga Operator suspended the tenant Acme Corporation."
    assert record.reason == "Unpaid."


def test_all_transitions_to_deletion_and_back_are_possible(acme, operator):
    reason = {"tenant_id": acme.id, "reason": "As agreed."}
    for command, state in (
        (SetTenantSuspended(**reason), State.SUSPENDED),
        (SetTenantArchived(**reason), State.ARCHIVED),
        (QueueTenantForDeletion(**reason, delete_after=SOON), State.DELETING),
        (SetTenantArchived(**reason), State.ARCHIVED),
        (SetTenantActive(**reason), State.ACTIVE),
    ):
        dispatch(command, actor=operator)
        assert row(acme).state == state
    assert row(acme).delete_after is None


@pytest.mark.physical_copy
def test_a_trial_has_an_end_date(db, operator):
    tenant = pending(operator)

    dispatch(SetTenantActive(tenant_id=tenant.pk, trial_days=14), actor=operator)

    tenant.refresh_from_db()
    assert (tenant.state, tenant.trial_ends_on) == (State.TRIAL, today() + dt.timedelta(days=14))


@pytest.mark.parametrize(
    "command",
    [
        lambda tenant: QueueTenantForDeletion(tenant_id=tenant.id, delete_after=SOON, reason="At once."),
        lambda tenant: SetTenantActive(tenant_id=tenant.id),
        lambda tenant: SetTenantActive(tenant_id=tenant.id, trial_days=3),
    ],
)
def test_an_illegal_transition_is_refused_by_a_dry_run(acme, operator, command):
    (refusal,) = dry_run(command(acme), actor=operator)

    assert isinstance(refusal, TenantCannotBecome)
    with pytest.raises(TenantCannotBecome, match="Acme Corporation is active, and cannot become"):
        dispatch(command(acme), actor=operator)


@pytest.mark.parametrize("before", State.values)
def test_the_database_allows_exactly_the_transitions_of_the_model(acme, before):
    possible = Tenant.TRANSITIONS | Tenant.RESTORE_TRANSITIONS

    for after in State.values:
        with transaction.atomic(), connection.cursor() as cursor:
            _one_that_is(cursor, acme.id, before)
            allowed = after == before or (before, after) in possible
            assert _passes(cursor, after) == allowed, f"{before} → {after}"
            transaction.set_rollback(True)


WAYS = {
    "pending": (),
    "trial": ("trial",),
    "active": ("active",),
    "suspended": ("active", "suspended"),
    "archived": ("active", "archived"),
    "deleting": ("active", "archived", "deleting"),
}


def _one_that_is(cursor, number, state):
    """A new row in that state, reached by legal transitions."""
    cursor.execute(
        "INSERT INTO tenancy_tenant (id, slug, name, owner_email, schema_name, state, state_reason, mode, role_name,"
        " database, region, pinned, fingerprint, epoch, created_at, trial_ends_on, delete_after)"
        " SELECT 900, 'other', name, owner_email, 'tenant_900', 'pending', '', 'normal', '', database, region, false,"
        " fingerprint, 0, created_at, current_date, current_date FROM tenancy_tenant WHERE id = %s",
        [number],
    )
    for way in WAYS[state]:
        cursor.execute("UPDATE tenancy_tenant SET state = %s WHERE id = 900", [way])


def _passes(cursor, state):
    try:
        with transaction.atomic():
            cursor.execute("UPDATE tenancy_tenant SET state = %s WHERE id = 900", [state])
    except DatabaseError as error:
        return not isinstance(refusal_behind(error), TenantCannotBecome)
    return True


def test_a_lower_epoch_is_refused(acme, operator):
    suspend(acme, operator)

    with pytest.raises(DatabaseError) as caught:
        Tenant.objects.filter(pk=acme.id).update(epoch=0)

    assert isinstance(refusal_behind(caught.value), TenantEpochMustGrow)


@pytest.mark.parametrize(
    "wrong", [{"state": "frozen"}, {"mode": "sleeping"}, {"state": "deleting", "delete_after": None}]
)
def test_the_database_refuses_unknown_states(acme, operator, wrong):
    dispatch(SetTenantArchived(tenant_id=acme.id, reason="Done."), actor=operator)

    with pytest.raises((IntegrityError, DatabaseError)):
        Tenant.objects.filter(pk=acme.id).update(**wrong)


def test_an_active_tenant_is_not_discarded(acme, operator):
    with pytest.raises(TenantIsNotPending):
        dispatch(DiscardTenant(tenant_id=acme.id), actor=operator)

    assert row(acme).state == State.ACTIVE


def test_a_mode_does_not_change_the_state(acme, operator):
    for mode in (Mode.READ_ONLY, Mode.MAINTENANCE, Mode.NORMAL):
        dispatch(SetMode(tenant_id=acme.id, mode=mode, reason="We move it."), actor=operator)
        assert (row(acme).state, row(acme).mode) == (State.ACTIVE, mode)

    assert row(acme).epoch == acme.epoch + 1  # only maintenance starts a new epoch


def test_an_unknown_mode_or_missing_reason_is_refused(acme, operator):
    refusals = dry_run(SetMode(tenant_id=acme.id, mode="sleeping", reason=" "), actor=operator)

    assert [type(refusal) for refusal in refusals] == [ModeUnknown, ReasonMissing]


def test_a_transition_without_permission_is_refused(acme, owner):
    with pytest.raises(PermissionDenied):
        suspend(acme, _stripped(owner))


def _stripped(user):
    user._perm_cache = set()
    return user


def test_the_table_covers_every_state_and_mode():
    assert set(AVAILABILITY) == {(state, mode) for state in State.values for mode in Mode.values}
    assert set(OF_STATE) == set(State.values)
    assert set(OF_MODE) == set(Mode.values)


def test_a_mode_only_restricts_the_state():
    parts = ("reads", "writes", "works", "beats", "sends", "signs_in", "billing")
    for (state, mode), availability in AVAILABILITY.items():
        for part in parts:
            both = getattr(OF_STATE[state], part) and getattr(OF_MODE[mode], part)
            assert getattr(availability, part) == both
        assert (availability.refusal is None) == all(getattr(availability, part) for part in parts)


def test_an_unknown_state_has_no_availability(acme):
    assert not availability_of(dataclasses.replace(acme, state="hibernating")).is_open


def test_the_filter_equals_the_table(acme, globex, operator):
    suspend(acme, operator)
    dispatch(SetMode(tenant_id=globex.id, mode=Mode.READ_ONLY, reason="We look."), actor=operator)

    for part in ("reads", "writes", "works", "beats"):
        slugs = set(Tenant.objects.filter(having(part)).values_list("slug", flat=True))
        assert slugs == {
            tenant.slug for tenant in Tenant.objects.all() if getattr(availability_of(tenant.info), part)
        }
