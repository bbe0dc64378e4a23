"""Reversing a posted entry."""

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


def test_a_reversal_has_opposite_signs(posted, accountant):
    reversal = reverse(posted, accountant)

    assert [line.amount_minor for line in reversal.lines.all()] == [-1234, 1234]
    assert reversal.memo == f"Reversal of GEN-{YEAR}-1: Wrong customer"
    posted.refresh_from_db()
    assert posted.reversal == reversal
    assert {row.closing for row in queries.trial_balance(by="total")} == {0}


def test_reversing_publishes_an_event_with_an_audit_record(posted, accountant):
    reversal = reverse(posted, accountant)

    assert OutboxEvent.objects.get(aggregate=f"entry:{reversal.pk}").payload["reverses"] == posted.pk
    assert Record.objects.get(command="ledger.reverse_entry").reason == "Wrong customer"


def test_reversing_an_entry_twice_is_refused(posted, accountant):
    reverse(posted, accountant)

    with pytest.raises(EntryIsReversed):
        reverse(posted, accountant)


def test_a_reversal_can_be_reversed(posted, accountant):
    again = reverse(reverse(posted, accountant), accountant)

    assert [line.amount_minor for line in again.lines.all()] == [1234, -1234]


def test_reversing_a_draft_is_refused(chart, accountant):
    draft = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=()), actor=accountant)

    with pytest.raises(EntryIsDraft):
        reverse(draft, accountant)


def test_a_reversal_dated_before_its_entry_is_refused(posted, accountant):
    with pytest.raises(ReversalTooEarly):
        reverse(posted, accountant, posted_on=JAN_9.replace(day=8))


def test_a_reversal_in_a_closed_period_is_refused(posted, january, controller):
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)

    with pytest.raises(PeriodIsClosed):
        reverse(posted, controller, posted_on=JAN_9)
    reverse(posted, controller)


def test_a_reversal_without_a_reason_is_refused(posted, accountant):
    with pytest.raises(ReasonMissing):
        reverse(posted, accountant, reason=" ")


def test_reversing_an_unknown_entry_is_refused(chart, accountant):
    with pytest.raises(EntryNotFound):
        dispatch(ReverseEntry(entry_id=10**12, posted_on=FEB_9, reason="?"), actor=accountant)


def test_reversing_by_an_auditor_is_denied(posted, auditor):
    with pytest.raises(PermissionDenied):
        reverse(posted, auditor)
