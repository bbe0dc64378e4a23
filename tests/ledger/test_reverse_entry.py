"""Reversing a posted entry."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, connections, transaction

from apps.audit.models import Record
from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.events.models import OutboxEvent
from apps.ledger import queries
from apps.ledger.commands import DeactivateAccount, DraftEntry, Line, PostEntry, ReverseEntry
from apps.ledger.errors import (
    AccountIsInactive,
    EntryIsDraft,
    EntryIsReversed,
    EntryNotFound,
    ReasonMissing,
    ReversalTooEarly,
)
from apps.periods.commands import ClosePeriod
from apps.periods.errors import PeriodIsClosed
from tests.support.books import FEB_9, JAN_9, YEAR, sale
from tests.support.ledger_sql import DRAFT, LINE, POST


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


def test_an_entry_on_an_inactive_account_is_reversed(posted, accountant, controller, chart):
    rent = chart["5000"]
    entry = dispatch(
        PostEntry(
            posted_on=JAN_9,
            memo="Rent",
            lines=(Line("5000", "USD", Decimal(5)), Line("2000", "USD", Decimal(-5))),
        ),
        actor=accountant,
    )
    dispatch(DeactivateAccount(account_id=rent.pk, reason="Wrong chart"), actor=controller)

    reversal = reverse(entry, accountant)

    assert reversal.is_posted
    with pytest.raises(AccountIsInactive):
        dispatch(
            PostEntry(
                posted_on=JAN_9,
                memo="Rent",
                lines=(Line("5000", "USD", Decimal(5)), Line("2000", "USD", Decimal(-5))),
            ),
            actor=accountant,
        )


@pytest.mark.parametrize("alias", ["default", "owner"])
def test_a_reversal_with_other_lines_on_an_inactive_account_is_refused(posted, controller, chart, alias):
    dispatch(DeactivateAccount(account_id=chart["5000"].pk, reason="Wrong chart"), actor=controller)
    with (
        pytest.raises(DatabaseError) as refusal,
        transaction.atomic(using=alias),
        connections[alias].cursor() as cursor,
    ):
        cursor.execute(DRAFT)
        (entry,) = cursor.fetchone()
        cursor.execute("UPDATE ledger_entry SET reversal_of_id = %s WHERE id = %s", [posted.pk, entry])
        for number, (account, minor) in enumerate((("5000", 5), ("2000", -5)), start=1):
            line = LINE.format(entry=entry, number=number, account=account, currency="USD", minor=minor)
            cursor.execute(line)
        cursor.execute(POST.format(entry=entry))
    assert refusal.value.__cause__.sqlstate == "BL006"


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
