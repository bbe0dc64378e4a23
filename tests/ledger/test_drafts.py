"""Saving, posting and discarding drafts."""

import pytest

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.ledger.commands import DeactivateAccount, DiscardDraft, DraftEntry, OpenAccount, PostDraft
from apps.ledger.errors import (
    AccountHasPostings,
    AccountIsOnDrafts,
    DraftsRemain,
    EntryIsPosted,
    EntryNotFound,
    EntryUnbalanced,
    TooFewLines,
)
from apps.ledger.models import Entry, EntryLine
from apps.periods import queries as periods
from apps.periods.commands import ClosePeriod
from apps.periods.errors import PeriodIsClosed
from tests.support.books import JAN_9, YEAR, line, sale


@pytest.fixture
def draft(chart, accountant):
    return dispatch(DraftEntry(posted_on=JAN_9, memo="Later", lines=sale("7").lines), actor=accountant)


def test_a_draft_has_no_number(draft):
    draft.refresh_from_db()

    assert (draft.status, draft.number, draft.posted_at) == ("draft", None, None)
    assert str(draft) == f"draft {draft.pk}"


def test_a_posted_draft_gets_a_number(draft, accountant):
    posted = dispatch(PostDraft(entry_id=draft.pk), actor=accountant)

    assert str(posted) == f"GEN-{YEAR}-1"
    assert Entry.objects.get().is_posted


def test_posting_an_unbalanced_draft_is_refused(chart, accountant):
    draft = dispatch(
        DraftEntry(posted_on=JAN_9, memo="", lines=(line("1000", "5"), line("4000", "-4"))), actor=accountant
    )
    empty = dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=()), actor=accountant)

    with pytest.raises(EntryUnbalanced):
        dispatch(PostDraft(entry_id=draft.pk), actor=accountant)
    with pytest.raises(TooFewLines):
        dispatch(PostDraft(entry_id=empty.pk), actor=accountant)


def test_a_draft_is_discarded_with_its_lines(draft, accountant):
    dispatch(DiscardDraft(entry_id=draft.pk), actor=accountant)

    assert not Entry.objects.exists()
    assert not EntryLine.objects.exists()


@pytest.mark.parametrize("command", [PostDraft, DiscardDraft])
def test_draft_commands_on_a_posted_entry_are_refused(chart, accountant, command):
    posted = dispatch(sale(), actor=accountant)

    with pytest.raises(EntryIsPosted):
        dispatch(command(entry_id=posted.pk), actor=accountant)


@pytest.mark.parametrize("command", [PostDraft, DiscardDraft])
def test_commands_on_an_unknown_draft_are_refused(chart, accountant, command):
    with pytest.raises(EntryNotFound):
        dispatch(command(entry_id=10**12), actor=accountant)


def test_a_draft_blocks_the_closing_of_its_period(draft, january, controller):
    with pytest.raises(DraftsRemain, match="has 1 draft:"):
        dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)
    assert [blocker.code for blocker in periods.blockers(january)] == ["ledger.drafts_remain"]

    dispatch(DiscardDraft(entry_id=draft.pk), actor=controller)
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)


def test_a_draft_in_a_closed_period_is_refused(chart, january, controller):
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)

    with pytest.raises(PeriodIsClosed):
        dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=()), actor=controller)


def test_changing_an_account_on_a_draft_is_refused(chart, controller):
    lines = (line("2000", "-5"), line("5000", "5"))
    dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=lines), actor=controller)

    with pytest.raises(AccountIsOnDrafts):
        dispatch(DeactivateAccount(account_id=chart["5000"].pk, reason="Not used."), actor=controller)
    with pytest.raises(AccountHasPostings):
        dispatch(OpenAccount(code="5001", name="Garage", type="expense", parent="5000"), actor=controller)


@pytest.mark.parametrize("command", [PostDraft, DiscardDraft])
def test_draft_commands_by_an_auditor_are_denied(draft, auditor, command):
    with pytest.raises(PermissionDenied):
        dispatch(command(entry_id=draft.pk), actor=auditor)
