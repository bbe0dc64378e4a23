"""Move of a tenant to another database, and its rollback."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import OperationalError, connections, transaction

from apps.backups import queries as backups
from apps.backups.commands import RollBackMove
from apps.backups.files import exporting, importing, outbox, verifying
from apps.backups.moves import offline
from apps.backups.schemas import owner
from apps.bus import dispatch, dry_run
from apps.events import publish
from apps.kernel import clock
from apps.kernel.tenant import activate
from apps.ledger.models import Entry
from apps.operations.commands import MoveTenant
from apps.operations.sagas.moving import MIGRATION
from apps.periods.events import PeriodClosed
from apps.sagas import external_steps, store
from apps.sagas.models import Run
from apps.tenancy import directory
from apps.tenancy.models import Tenant
from tests.support.settling import settle

pytestmark = pytest.mark.exhaustive("each test moves a tenant between two servers", one_in=3)


class Killed(BaseException):
    """The process was killed."""


@pytest.fixture
def settled(books):
    """The platform is active; acme has an entry, and all events are delivered."""
    with activate(None):
        settle()
        yield Tenant.objects.get(pk=books.id)


def move(tenant, to):
    return MoveTenant(tenant_id=tenant.pk, database=to, reason="More capacity.")


def run():
    return Run.objects.filter(saga=MIGRATION.name).latest("id")


def later(hours):
    with clock.moved_to(clock.now() + dt.timedelta(hours=hours)):
        settle(impatient=True)


@pytest.mark.physical_copy
def test_a_moved_tenant_works_in_the_new_database(settled, east, operator):
    moved = dispatch(move(settled, east), actor=operator)

    assert (moved.database, moved.mode) == (east, "normal")
    assert (run().state, run().progress) == ("done", 100)
    with activate(directory.by_id(settled.pk)):
        assert Entry.objects.count() == 1


def test_a_failed_move_leaves_the_tenant_in_its_database(settled, east, operator, monkeypatch):
    def fail(tenant, to):
        raise LookupError("connection lost")

    monkeypatch.setattr(offline, "copy_and_switch", fail)
    with pytest.raises(LookupError):
        dispatch(move(settled, east), actor=operator)

    settled.refresh_from_db()
    assert (settled.database, settled.mode, run().state) == ("home", "normal", "compensated")


def remains_in(database, tenant):
    """Schemas and outbox events of the tenant."""
    with connections[f"owner@{database}"].cursor() as cursor:
        cursor.execute(
            "SELECT nspname::text FROM pg_namespace WHERE nspname IN (%s, %s)",
            [tenant.schema_name, owner.staging(tenant.pk)],
        )
        schemas = [name for (name,) in cursor.fetchall()]
        cursor.execute("SELECT count(*) FROM events_outboxevent WHERE tenant_id = %s", [tenant.pk])
        return schemas, cursor.fetchone()[0]


@pytest.mark.parametrize("breaks", [(verifying, "faults"), (outbox, "insert"), (offline, "switch_directory")])
def test_a_rollback_deletes_the_copy(settled, east, operator, monkeypatch, breaks):
    def fail(*args, **kwargs):
        assert remains_in(east, settled)[0]
        raise LookupError("connection lost")

    with activate(settled.info), transaction.atomic():
        publish(PeriodClosed(period_id=1, code="2026-01"))
    monkeypatch.setattr(*breaks, fail)
    with pytest.raises(LookupError):
        dispatch(move(settled, east), actor=operator)

    assert remains_in(east, settled) == ([], 0)
    assert run().state == "compensated"
    with activate(directory.by_id(settled.pk)):
        assert Entry.objects.count() == 1


def test_a_copy_that_cannot_be_dropped_does_not_block_the_rollback(settled, east, operator, monkeypatch):
    def fail(*args, **kwargs):
        raise OperationalError("connection lost")

    monkeypatch.setattr(verifying, "faults", fail)
    monkeypatch.setattr(offline, "_drop", fail)
    with pytest.raises(OperationalError):
        dispatch(move(settled, east), actor=operator)

    settled.refresh_from_db()
    assert (run().state, settled.mode) == ("compensated", "normal")
    assert remains_in(east, settled)[0]


@pytest.mark.physical_copy
def test_a_rollback_after_the_switch_deletes_no_data(settled, east, operator):
    dispatch(move(settled, east), actor=operator)

    dispatch(RollBackMove(tenant_id=settled.pk, database=east, reason="Not wanted."), actor=operator)

    with activate(directory.by_id(settled.pk)):
        assert Entry.objects.count() == 1


@pytest.mark.physical_copy
@pytest.mark.parametrize(("when", "ends"), [("before", "compensated"), ("after", "done")])
def test_workers_finish_a_killed_move(settled, east, operator, monkeypatch, when, ends):
    """Workers lack the owner role: they compensate an incomplete transfer, and reopen the tenant after a complete
    one."""
    copy_and_switch = offline.copy_and_switch

    def die(tenant, to):
        if when == "after":
            copy_and_switch(tenant, to)
        raise Killed

    monkeypatch.setattr(offline, "copy_and_switch", die)
    with pytest.raises(Killed):
        dispatch(move(settled, east), actor=operator)
    assert Tenant.objects.get(pk=settled.pk).mode == "read_only"

    monkeypatch.setattr(backups, "owned_databases", list)
    for hours in range(1, 6):
        later(hours)

    settled.refresh_from_db()
    assert (run().state, settled.mode) == (ends, "normal")
    assert settled.database == ("home" if when == "before" else east)


FUNCTIONS = {
    "export": (exporting, "export"),
    "move": (importing, "_fill"),
    "remap": (importing, "_readable_by"),
    "verify": (verifying, "faults"),
    "switch": (outbox, "insert"),
}
"""A function of each stage."""


def stages(run):
    return [entry.detail for entry in run.log_entries.filter(kind="stage")]


@pytest.mark.physical_copy
def test_a_move_reports_its_stages_with_its_progress(settled, east, operator, monkeypatch):
    monkeypatch.setattr(external_steps, "PROGRESS_INTERVAL_S", 0)
    percents = []
    save_progress = store.save_progress
    monkeypatch.setattr(
        store, "save_progress", lambda run, percent: (percents.append(percent), save_progress(run, percent))
    )

    dispatch(move(settled, east), actor=operator)

    assert stages(run()) == list(offline.STAGES)
    assert percents == sorted(percents)
    assert len(set(percents)) > 10
    assert (percents[0], percents[-1], run().stage) == (33, 60, "")


@pytest.mark.parametrize("stage", offline.STAGES)
def test_the_error_of_a_failed_move_names_the_stage(settled, east, operator, monkeypatch, stage):
    def fail(*args, **kwargs):
        raise LookupError("connection lost")

    monkeypatch.setattr(*FUNCTIONS[stage], fail)
    with pytest.raises(LookupError):
        dispatch(move(settled, east), actor=operator)

    assert (run().state, run().last_error) == (
        "compensated",
        f"At “{stage}”: LookupError: connection lost",
    )
    assert stages(run())[-1] == stage


@pytest.mark.exhaustive("a kill at each stage of a move", by=())
@pytest.mark.physical_copy
@pytest.mark.parametrize("stage", offline.STAGES)
def test_a_move_killed_in_a_stage_resumes_when_repeated(
    settled, east, operator, client_for, monkeypatch, stage
):
    def die(*args, **kwargs):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(*FUNCTIONS[stage], die)
        dispatch(move(settled, east), actor=operator)
    connections.close_all()

    assert (run().stage, stages(run())[-1]) == (stage, stage)
    page = client_for(operator, None).get(f"/tenants/{settled.pk}/workflows/").content.decode()
    assert f"now: {stage}" in page

    moved = dispatch(move(settled, east), actor=operator)

    assert (moved.database, moved.mode, run().state) == (east, "normal", "done")
    with activate(directory.by_id(settled.pk)):
        assert Entry.objects.count() == 1


@pytest.mark.physical_copy
def test_a_killed_move_resumes_when_repeated(settled, east, operator, monkeypatch):
    def die(tenant, to):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(offline, "copy_and_switch", die)
        dispatch(move(settled, east), actor=operator)

    moved = dispatch(move(settled, east), actor=operator)

    assert (moved.database, moved.mode) == (east, "normal")
    assert Run.objects.filter(saga=MIGRATION.name).count() == 1


def test_a_dry_run_of_a_move_changes_nothing(settled, east, operator):
    assert dry_run(move(settled, east), actor=operator) == ()
    assert [refusal.code for refusal in dry_run(move(settled, "nowhere"), actor=operator)] == [
        "tenancy.database_unknown"
    ]
    assert not Run.objects.filter(saga=MIGRATION.name).exists()
