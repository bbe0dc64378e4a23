"""Posting an entry."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.audit.models import Record
from apps.bus import dispatch, dry_run
from apps.bus.errors import PermissionDenied, TextTooLong
from apps.events.models import OutboxEvent
from apps.kernel.errors import SeveralRefusals
from apps.kernel.money import AmountMalformed, AmountTooLarge, AmountTooPrecise, CurrencyUnknown
from apps.ledger.commands import DeactivateAccount, Line, OpenAccount, OpenJournal, PostEntry
from apps.ledger.errors import (
    AccountHasChildren,
    AccountIsInactive,
    AccountUnknown,
    EntryUnbalanced,
    JournalUnknown,
    LineIsZero,
    TooFewLines,
)
from apps.ledger.models import Entry
from apps.periods.commands import AddFiscalYear, ClosePeriod
from apps.periods.errors import NoPeriodForDay, PeriodIsClosed
from tests.support.books import FEB_9, JAN_9, YEAR, entry, line, sale


def test_a_posted_entry_has_number_and_lines(chart, accountant):
    posted = dispatch(sale("12.34"), actor=accountant)

    again = Entry.objects.get(pk=posted.pk)
    assert again.is_posted
    assert str(again) == str(posted) == f"GEN-{YEAR}-1"
    assert [(line.account.code, line.amount_minor, line.currency) for line in again.lines.all()] == [
        ("1000", 1234, "USD"),
        ("4000", -1234, "USD"),
    ]
    cash, sales = again.lines.all()
    assert (cash.debit, cash.credit) == (Decimal("12.34"), Decimal(0))
    assert (sales.debit, sales.credit) == (Decimal(0), Decimal("12.34"))
    assert str(cash.money) == "12.34 USD"


def test_posting_publishes_an_event_with_an_audit_record(chart, accountant):
    posted = dispatch(sale(), actor=accountant)

    event = OutboxEvent.objects.get(name="entry.posted")
    assert event.payload == {
        "entry_id": posted.pk,
        "journal": "GEN",
        "posted_on": JAN_9.isoformat(),
        "period_id": posted.period_id,
        "reverses": None,
    }
    assert Record.objects.get(command="ledger.post_entry").sentence == (
        f"{accountant} posted entry GEN-{YEAR}-1."
    )


def test_posting_takes_ten_statements(chart, accountant):
    dispatch(sale(), actor=accountant)

    with CaptureQueriesContext(connection) as queries:
        dispatch(sale(), actor=accountant)

    # BEGIN · accounts, period, journal · entry, lines, post · outcome · COMMIT · NOTIFY
    assert len(queries) == 10


def test_entries_are_numbered_without_a_gap_per_journal_per_year(chart, controller):
    dispatch(OpenJournal(code="BANK", name="Bank"), actor=controller)
    dispatch(AddFiscalYear(year=YEAR + 1), actor=controller)

    def number(journal, posted_on):
        posted = dispatch(
            PostEntry(posted_on=posted_on, memo="", lines=sale().lines, journal=journal), actor=controller
        )
        return str(posted)

    assert number("GEN", JAN_9) == f"GEN-{YEAR}-1"
    assert number("BANK", JAN_9) == f"BANK-{YEAR}-1"
    with pytest.raises(EntryUnbalanced):
        dispatch(entry(line("1000", "1"), line("4000", "-2")), actor=controller)
    assert number("GEN", FEB_9) == f"GEN-{YEAR}-2"
    assert number("GEN", JAN_9.replace(year=YEAR + 1)) == f"GEN-{YEAR + 1}-1"


def test_an_entry_balanced_across_currencies_is_refused(chart, accountant):
    dispatch(
        entry(line("1000", "5"), line("4000", "-5"), line("1000", "700", "JPY"), line("4000", "-700", "JPY")),
        actor=accountant,
    )

    with pytest.raises(SeveralRefusals) as caught:
        dispatch(entry(line("1000", "5"), line("4000", "-5", "EUR")), actor=accountant)
    assert [str(refusal) for refusal in caught.value.refusals] == [
        "The entry does not balance in USD: debits and credits differ by 5.00 USD.",
        "The entry does not balance in EUR: debits and credits differ by -5.00 EUR.",
    ]


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ((), TooFewLines),
        ((line("1000", "10"),), TooFewLines),
        ((line("1000", "10"), line("4000", "-9.99")), EntryUnbalanced),
        ((line("1000", "10"), line("4000", "-10"), line("5000", "0")), LineIsZero),
        ((line("1000", "10.005"), line("4000", "-10.005")), AmountTooPrecise),
        ((line("1000", "1E+16"), line("4000", "-1E+16")), AmountTooLarge),
        ((line("1000", "NaN"), line("4000", "NaN")), AmountMalformed),
        ((line("1000", "10", "ZZZ"), line("4000", "-10", "ZZZ")), CurrencyUnknown),
        ((line("9999", "10"), line("4000", "-10")), AccountUnknown),
    ],
)
def test_invalid_lines_are_refused(chart, accountant, lines, refusal):
    with pytest.raises((refusal, SeveralRefusals)) as caught:
        dispatch(entry(*lines), actor=accountant)

    assert {type(refusal) for refusal in caught.value.refusals} == {refusal}
    assert not Entry.objects.exists()


@pytest.mark.filterwarnings("ignore:Pydantic serializer")
def test_a_float_amount_is_refused(chart, accountant):
    floats = (Line("1000", "USD", 0.5), Line("4000", "USD", -0.5))

    with pytest.raises(SeveralRefusals) as caught:
        dispatch(entry(*floats), actor=accountant)

    assert {type(refusal) for refusal in caught.value.refusals} == {AmountMalformed}


def test_a_text_beyond_its_column_is_refused(chart, accountant):
    with pytest.raises(TextTooLong):
        dispatch(PostEntry(posted_on=JAN_9, memo="", lines=sale().lines, payee="x" * 201), actor=accountant)


def test_posting_to_an_inactive_account_is_refused(chart, controller):
    dispatch(DeactivateAccount(account_id=chart["5000"].pk, reason="Not used."), actor=controller)

    with pytest.raises(AccountIsInactive):
        dispatch(entry(line("5000", "5"), line("1000", "-5")), actor=controller)


def test_posting_to_an_account_with_children_is_refused(chart, controller):
    dispatch(OpenAccount(code="5001", name="Garage", type="expense", parent="5000"), actor=controller)

    with pytest.raises(AccountHasChildren):
        dispatch(entry(line("5000", "5"), line("1000", "-5")), actor=controller)


def test_posting_into_a_closed_period_is_refused(chart, controller, january):
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)

    with pytest.raises(PeriodIsClosed, match=january.code):
        dispatch(sale(), actor=controller)
    dispatch(sale(posted_on=FEB_9), actor=controller)


def test_posting_on_a_day_without_a_period_is_refused(chart, accountant):
    with pytest.raises(NoPeriodForDay):
        dispatch(sale(posted_on=JAN_9.replace(year=YEAR + 5)), actor=accountant)


def test_posting_to_an_unknown_journal_is_refused(chart, accountant):
    with pytest.raises(JournalUnknown):
        dispatch(PostEntry(posted_on=JAN_9, memo="", lines=sale().lines, journal="NONE"), actor=accountant)


def test_all_errors_of_an_entry_are_refused_together(chart, accountant):
    invalid = PostEntry(
        posted_on=JAN_9.replace(year=YEAR + 5), memo="", lines=(line("9", "1"),), journal="NONE"
    )

    assert {refusal.code for refusal in dry_run(invalid, actor=accountant)} == {
        "ledger.account_unknown",
        "ledger.journal_unknown",
        "ledger.too_few_lines",
        "periods.no_period_for_day",
    }


def test_a_dry_run_of_a_valid_entry_posts_nothing(chart, accountant):
    assert dry_run(sale(), actor=accountant) == ()

    assert not Entry.objects.exists()


@pytest.mark.parametrize("role", ["auditor", "user_without_role"])
def test_posting_without_permission_is_denied(chart, role, request):
    with pytest.raises(PermissionDenied):
        dispatch(sale(), actor=request.getfixturevalue(role))


def test_an_entry_with_ten_thousand_lines_is_posted(chart, accountant):
    lines = [line("1000", "0.01") for _ in range(9_999)]

    posted = dispatch(entry(*lines, line("4000", "-99.99")), actor=accountant)

    assert posted.lines.count() == 10_000
