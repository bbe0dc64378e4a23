"""An import that waits and the closing of its period exclude one another."""

from __future__ import annotations

import time

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from apps.bus import dispatch
from apps.jobs import running
from apps.ledger.import_errors import ImportRemains
from apps.ledger.import_models import StagedEntry
from apps.periods.commands import ClosePeriod
from apps.periods.models import Period
from tests.support.books import JAN_9
from tests.support.imports import journal
from tests.support.ledger_sql import attempt, raw
from tests.support.sqlstate import refused
from tests.support.threads import in_tenant, in_thread

STAGE = (
    "INSERT INTO ledger_stagedentry (journal_import_id, row, number, digest, posted_on, payee, narration, lines)"
    " VALUES ({journal_import}, 99, '', 'x', '{day}', '', '', '[]')"
)
CLOSE = (
    "UPDATE periods_period SET status = 'closed', closed_at = now(), closed_by = 'x', close_reason = 'x'"
    " WHERE id = {}"
)


@pytest.fixture
def waiting(chart, controller):
    """An import with an entry in February, whose job has not begun."""
    day = JAN_9.replace(month=2)
    rows = (f"N1,{day},,x,1,Cash,USD,5.00", f"N1,{day},,x,2,Rent,USD,-5.00")
    return dispatch(journal(*rows), actor=controller)


@pytest.fixture
def january(chart):
    return Period.objects.get(number=1, starts_on__year=JAN_9.year)


def close(period, actor):
    return dispatch(ClosePeriod(period_id=period.pk, reason="The month is over."), actor=actor)


def stage(record):
    return STAGE.format(journal_import=record.pk, day=JAN_9)


def test_staging_and_closing_wait_for_one_another(waiting, january, acme, controller):
    assert staged_during_a_close(waiting, january, acme, controller, waits=True) == "ledger.import_remains"
    assert Period.objects.get(pk=january.pk).is_open


@pytest.mark.physical_copy
def test_without_the_lock_an_entry_waits_in_a_closed_period(waiting, january, acme, controller):
    """The control."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP TRIGGER ledger_staged_guard ON ledger_stagedentry")

    assert staged_during_a_close(waiting, january, acme, controller, waits=False) == "closed"
    assert StagedEntry.objects.filter(posted_on=JAN_9).exists()
    assert not Period.objects.get(pk=january.pk).is_open


def staged_during_a_close(record, period, acme, actor, *, waits):
    """An entry is staged, the period is closed, and then the entry is committed. The outcome of the closing."""

    def closing():
        try:
            in_tenant(acme, lambda: close(period, actor))
        except Exception as refusal:
            return "ledger.import_remains" if "entries of imports" in str(refusal) else str(refusal)
        return "closed"

    with raw(acme) as session:
        session.execute(stage(record))
        with in_thread(closing) as outcome:
            time.sleep(0.3)
            assert bool(outcome) != waits
            session.commit()
    return outcome[0]


@pytest.mark.parametrize("alias", ["default", "owner"])
def test_the_database_stages_nothing_in_a_closed_period(waiting, january, controller, alias):
    close(january, controller)

    assert refused(stage(waiting), alias=alias) == "BP002"


def test_the_database_closes_no_period_with_waiting_entries(waiting, january, acme, controller):
    with raw(acme) as session:
        session.execute(stage(waiting))
        session.commit()
    with raw(acme) as session:
        key = f"current_schema() || ':period:{january.pk}'"
        session.execute(f"SELECT pg_advisory_xact_lock(hashtextextended({key}, 0))")
        assert attempt(session, CLOSE.format(january.pk)) == "BL020"


def test_closing_names_the_imports_that_wait(waiting, january, controller):
    close(january, controller)
    february = Period.objects.get(number=2, starts_on__year=JAN_9.year)

    with pytest.raises(Exception, match=f"has 1 entries of imports that are not posted: {waiting.pk}"):
        close(february, controller)
    assert ImportRemains.enforced_by == ("BL020",)


def test_a_step_of_an_import_holds_all_its_periods_before_it_posts(chart, controller):
    """Else a close that waits for a posting, which waits for the counter of the journal, would be waited for."""
    rows = [
        f"N{month},{JAN_9.replace(month=month)},,x,{number},{account},USD,{amount}"
        for month in (3, 1, 2)
        for number, (account, amount) in enumerate((("Cash", "5.00"), ("Rent", "-5.00")), start=1)
    ]
    record = dispatch(journal(*rows), actor=controller)

    with CaptureQueriesContext(connection) as captured:
        running.run_slice(record.job_id)

    statements = [query["sql"] for query in captured.captured_queries]
    posted = next(number for number, sql in enumerate(statements) if "UPDATE ledger_entry SET status" in sql)
    held = [sql for sql in statements[:posted] if "pg_advisory_xact_lock_shared" in sql and "period:" in sql]
    periods = Period.objects.filter(number__lte=3, starts_on__year=JAN_9.year).order_by("pk")
    for period, sql in zip(periods, held[:3], strict=True):
        assert f":period:{period.pk}'" in sql
