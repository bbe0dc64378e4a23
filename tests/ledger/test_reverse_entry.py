"""Taking back a posted entry."""

import pytest

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.events.models import OutboxEvent
from apps.ledger import queries
from apps.ledger.commands import DraftEntry, ReverseEntry
from apps.ledger.errors import EntryIsDraft, EntryIsReversed, EntryNotFound, ReasonMissing, ReversalTooEarly
from apps.periods.commands import ClosePeriod
from apps.periods.errors import PeriodIsClosed
from tests.support.books import FEB_9, JAN_9, YEAR, sale


@pytest.fixture
def posted(chart, accountant):
    return dispatch(sale("12.34"), actor=accountant)


def reverse(entry, actor, posted_on=FEB_9, reason="Wrong customer"):
    return dispatch(ReverseEntry(entry_id=entry.pk, posted_on=posted_on, reason=reason), actor=actor)


def test_a_reversal_turns_the_signs(posted, accountant):
    reversal = reverse(posted, accountant)

    assert [line.amount_minor for line in reversal.lines.all()] == [-1234, 1234]
    assert reversal.memo == f"Reversal of GEN-{YEAR}-1: Wrong customer"
    posted.refresh_from_db()
    assert posted.reversal == reversal
    assert {row.closing for row in queries.trial_balance(by="total")} == {0}


def test_it_is_told_and_recorded(posted, accountant):
    reversal = reverse(posted, accountant)

    assert OutboxEvent.objects.get(aggregate=f"entry:{reversal.pk}").payload["reverses"] == posted.pk
    assert Record.objects.get(command="ledger.reverse_entry").reason == "Wrong customer"


def test_an_entry_is_reversed_once(posted, accountant):
    reverse(posted, accountant)

    with pytest.raises(EntryIsReversed):
        reverse(posted, accountant)


def test_a_reversal_can_be_reversed(posted, accountant):
    again = reverse(reverse(posted, accountant), accountant)

    assert [line.amount_minor for line in again.lines.all()] == [1234, -1234]


def test_a_draft_is_not_reversed(chart, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=()), actor=accountant)

    with pytest.raises(EntryIsDraft):
        reverse(draft, accountant)


def test_a_reversal_is_not_earlier(posted, accountant):
    with pytest.raises(ReversalTooEarly):
        reverse(posted, accountant, posted_on=JAN_9.replace(day=8))


def test_a_reversal_goes_into_an_open_period(posted, january, controller):
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)

    with pytest.raises(PeriodIsClosed):
        reverse(posted, controller, posted_on=JAN_9)
    reverse(posted, controller)


def test_a_reason_is_needed(posted, accountant):
    with pytest.raises(ReasonMissing):
        reverse(posted, accountant, reason=" ")


def test_refuses_an_entry_that_is_not_there(chart, accountant):
    with pytest.raises(EntryNotFound):
        dispatch(ReverseEntry(entry_id=10**12, posted_on=FEB_9, reason="?"), actor=accountant)


def test_an_auditor_may_not(posted, auditor):
    with pytest.raises(PermissionDenied):
        reverse(posted, auditor)
