"""Drafting, posting a draft, discarding it."""

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


def test_a_draft_is_posted(draft, accountant):
    posted = dispatch(PostDraft(entry_id=draft.pk), actor=accountant)

    assert str(posted) == f"GEN-{YEAR}-1"
    assert Entry.objects.get().is_posted


def test_a_draft_need_not_balance_until_it_is_posted(chart, accountant):
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
def test_a_posted_entry_is_no_draft(chart, accountant, command):
    posted = dispatch(sale(), actor=accountant)

    with pytest.raises(EntryIsPosted):
        dispatch(command(entry_id=posted.pk), actor=accountant)


@pytest.mark.parametrize("command", [PostDraft, DiscardDraft])
def test_refuses_a_draft_that_is_not_there(chart, accountant, command):
    with pytest.raises(EntryNotFound):
        dispatch(command(entry_id=10**12), actor=accountant)


def test_drafts_keep_their_period_open(draft, january, controller):
    with pytest.raises(DraftsRemain, match="1 draft of period"):
        dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)
    assert [blocker.code for blocker in periods.blockers(january)] == ["ledger.drafts_remain"]

    dispatch(DiscardDraft(entry_id=draft.pk), actor=controller)
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)


def test_refuses_a_draft_in_a_closed_period(chart, january, controller):
    dispatch(ClosePeriod(period_id=january.pk, reason="The month is over."), actor=controller)

    with pytest.raises(PeriodIsClosed):
        dispatch(DraftEntry(posted_on=JAN_9, memo="", lines=()), actor=controller)


def test_accounts_on_drafts_stay_active_and_childless(draft, chart, controller):
    with pytest.raises(AccountIsOnDrafts):
        dispatch(DeactivateAccount(account_id=chart["1000"].pk, reason="Not used."), actor=controller)
    with pytest.raises(AccountHasPostings):
        dispatch(OpenAccount(code="1001", name="Till", type="asset", parent="1000"), actor=controller)


@pytest.mark.parametrize("command", [PostDraft, DiscardDraft])
def test_an_auditor_may_not(draft, auditor, command):
    with pytest.raises(PermissionDenied):
        dispatch(command(entry_id=draft.pk), actor=auditor)
