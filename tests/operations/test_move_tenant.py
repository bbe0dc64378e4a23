"""From one database to another, and back to where it was when that cannot be."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import OperationalError, connections, transaction

from apps.bus import dispatch, dry_run
from apps.events import publish
from apps.kernel import clock
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.operations.commands import MoveTenant
from apps.operations.sagas import MIGRATION
from apps.periods.events import PeriodClosed
from apps.sagas import external_steps, runs
from apps.sagas.models import Run
from apps.tenancy import directory
from apps.tenancy.models import Tenant
from apps.tenancy.transfer import exporting, importing, moving, outbox, verifying
from apps.tenancy.transfer.commands import RollBackMove
from tests.support.settling import settle


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def settled(books):
    """The platform's turn; acme has an entry, and everybody has heard of it."""
    with activate(None):
        settle()
        yield Tenant.objects.get(pk=books.id)


def move(tenant, to):
    return MoveTenant(tenant_id=tenant.pk, database=to, reason="There is more room.")


def run():
    return Run.objects.filter(saga=MIGRATION.name).latest("id")


def later(hours):
    with clock.moved_to(clock.now() + dt.timedelta(hours=hours)):
        settle(impatient=True)


@pytest.mark.physical_copy
def test_it_works_in_its_new_place(settled, east, operator):
    moved = dispatch(move(settled, east), actor=operator)

    assert (moved.database, moved.mode) == (east, "normal")
    assert (run().state, run().progress) == ("done", 100)
    with activate(directory.by_id(settled.pk)):
        assert Entry.objects.count() == 1


def test_what_fails_leaves_it_where_it_was(settled, east, operator, monkeypatch):
    def fail(tenant, to):
        raise LookupError("the line is cut")

    monkeypatch.setattr(moving, "copy_and_switch", fail)
    with pytest.raises(LookupError):
        dispatch(move(settled, east), actor=operator)

    settled.refresh_from_db()
    assert (settled.database, settled.mode, run().state) == ("home", "normal", "compensated")


def left_in(place, tenant):
    """Schemas, and news that would be told there."""
    with connections[f"owner@{place}"].cursor() as cursor:
        cursor.execute(
            "SELECT nspname::text FROM pg_namespace WHERE nspname IN (%s, %s)",
            [tenant.schema_name, importing.staging(tenant.pk)],
        )
        schemas = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT count(*) FROM events_outboxevent WHERE tenant_id = %s", [tenant.pk])
        return schemas, cursor.fetchone()[0]


@pytest.mark.parametrize("breaks", [(verifying, "faults"), (outbox, "insert"), (moving, "_update_directory")])
def test_what_had_come_goes_when_it_turns_back(settled, east, operator, monkeypatch, breaks):
    def fail(*args, **kwargs):
        assert left_in(east, settled)[0]
        raise LookupError("the line is cut")

    with activate(settled.info), transaction.atomic():
        publish(PeriodClosed(period_id=1, code="2026-01"))
    monkeypatch.setattr(*breaks, fail)
    with pytest.raises(LookupError):
        dispatch(move(settled, east), actor=operator)

    assert left_in(east, settled) == ([], 0)
    assert run().state == "compensated"
    with activate(directory.by_id(settled.pk)):
        assert Entry.objects.count() == 1


def test_where_it_cannot_be_dropped_the_tenant_works_all_the_same(settled, east, operator, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("the line is cut")

    monkeypatch.setattr(verifying, "faults", fail)
    monkeypatch.setattr(moving, "_drop", fail)
    with pytest.raises(OperationalError):
        dispatch(move(settled, east), actor=operator)

    settled.refresh_from_db()
    assert (run().state, settled.mode) == ("compensated", "normal")
    assert left_in(east, settled)[0]


@pytest.mark.physical_copy
def test_where_it_has_arrived_nothing_is_dropped(settled, east, operator):
    dispatch(move(settled, east), actor=operator)

    dispatch(RollBackMove(tenant_id=settled.pk, database=east, reason="Not wanted."), actor=operator)

    with activate(directory.by_id(settled.pk)):
        assert Entry.objects.count() == 1


@pytest.mark.physical_copy
@pytest.mark.parametrize(("when", "ends"), [("before", "compensated"), ("after", "done")])
def test_workers_bring_a_killed_one_to_an_end(settled, east, operator, monkeypatch, when, ends):
    """They own no database: they send back what has not arrived, and open what has."""
    copy_and_switch = moving.copy_and_switch

    def die(tenant, to):
        if when == "after":
            copy_and_switch(tenant, to)
        raise Killed

    monkeypatch.setattr(moving, "copy_and_switch", die)
    with pytest.raises(Killed):
        dispatch(move(settled, east), actor=operator)
    assert Tenant.objects.get(pk=settled.pk).mode == "read_only"

    monkeypatch.setattr(importing, "owned", list)
    for hours in range(1, 6):
        later(hours)

    settled.refresh_from_db()
    assert (run().state, settled.mode) == (ends, "normal")
    assert settled.database == ("home" if when == "before" else east)


WHERE = {
    "export": (exporting, "export"),
    "move": (importing, "_fill"),
    "remap": (importing, "_readable_by"),
    "verify": (verifying, "faults"),
    "switch": (outbox, "insert"),
}
"""What is done in each stage."""


def stages(of):
    return [entry.detail for entry in of.log_entries.filter(kind="stage")]


@pytest.mark.physical_copy
def test_it_says_at_which_stage_it_is_and_how_far(settled, east, operator, monkeypatch):
    monkeypatch.setattr(external_steps, "PROGRESS_INTERVAL_S", 0)
    percents = []
    save_progress = runs.save_progress
    monkeypatch.setattr(
        runs, "save_progress", lambda run, percent: (percents.append(percent), save_progress(run, percent))
    )

    dispatch(move(settled, east), actor=operator)

    assert stages(run()) == list(moving.STAGES)
    assert percents == sorted(percents)
    assert len(set(percents)) > 10
    assert (percents[0], percents[-1], run().stage) == (33, 60, "")


@pytest.mark.parametrize("stage", moving.STAGES)
def test_what_fails_says_at_which_stage(settled, east, operator, monkeypatch, stage):
    def fail(*args, **kwargs):
        raise LookupError("the line is cut")

    monkeypatch.setattr(*WHERE[stage], fail)
    with pytest.raises(LookupError):
        dispatch(move(settled, east), actor=operator)

    assert (run().state, run().last_error) == (
        "compensated",
        f"At “{stage}”: LookupError: the line is cut",
    )
    assert stages(run())[-1] == stage


@pytest.mark.exhaustive("a kill at each stage of a move", by=())
@pytest.mark.physical_copy
@pytest.mark.parametrize("stage", moving.STAGES)
def test_killed_at_a_stage_it_is_seen_and_goes_on_when_asked_again(
    settled, east, operator, client_for, monkeypatch, stage
):
    def die(*args, **kwargs):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(*WHERE[stage], die)
        dispatch(move(settled, east), actor=operator)
    connections.close_all()

    assert (run().stage, stages(run())[-1]) == (stage, stage)
    page = client_for(operator, None).get(f"/tenants/{settled.pk}/journeys/").content.decode()
    assert f"now: {stage}" in page

    moved = dispatch(move(settled, east), actor=operator)

    assert (moved.database, moved.mode, run().state) == (east, "normal", "done")
    with activate(directory.by_id(settled.pk)):
        assert Entry.objects.count() == 1


@pytest.mark.physical_copy
def test_it_goes_on_when_it_is_asked_again(settled, east, operator, monkeypatch):
    def die(tenant, to):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(moving, "copy_and_switch", die)
        dispatch(move(settled, east), actor=operator)

    moved = dispatch(move(settled, east), actor=operator)

    assert (moved.database, moved.mode) == (east, "normal")
    assert Run.objects.filter(saga=MIGRATION.name).count() == 1


def test_a_dry_run_moves_nothing(settled, east, operator):
    assert dry_run(move(settled, east), actor=operator) == ()
    assert [each.code for each in dry_run(move(settled, "nowhere"), actor=operator)] == [
        "tenancy.database_unknown"
    ]
    assert not Run.objects.filter(saga=MIGRATION.name).exists()
