"""Opening and deactivating accounts; opening journals."""

import pytest

from apps.bus import dispatch
from apps.bus.errors import PermissionDenied
from apps.ledger.commands import ChangeAccount, DeactivateAccount, OpenAccount, OpenJournal, ReactivateAccount
from apps.ledger.errors import (
    AccountCodeTaken,
    AccountHasPostings,
    AccountIsActive,
    AccountIsFixed,
    AccountIsInactive,
    AccountNameMissing,
    AccountNameTaken,
    AccountTypeDiffers,
    AccountTypeUnknown,
    AccountUnknown,
    JournalCodeTaken,
    ReasonMissing,
)
from apps.ledger.models import Account, Journal
from tests.support.books import entry, line
from tests.support.sqlstate import refused


def account(**changes):
    return OpenAccount(
        **{"code": "2010", "name": "Bank loan", "type": "liability", "parent": "2000", **changes}
    )


def test_an_account_with_a_parent_is_opened_below_it(chart, controller):
    loan = dispatch(account(), actor=controller)

    assert loan.parent == chart["2000"]
    assert str(loan) == "2010 Bank loan"


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"code": "1000"}, AccountCodeTaken),
        ({"name": "Cash"}, AccountNameTaken),
        ({"code": " "}, AccountNameMissing),
        ({"name": ""}, AccountNameMissing),
        ({"type": "money", "parent": ""}, AccountTypeUnknown),
        ({"type": "income"}, AccountTypeDiffers),
        ({"parent": "77"}, AccountUnknown),
    ],
)
def test_an_invalid_account_is_refused(chart, controller, changes, refusal):
    with pytest.raises(refusal):
        dispatch(account(**changes), actor=controller)


def test_opening_a_child_of_an_account_with_postings_is_refused(chart, controller):
    dispatch(entry(line("2000", "-5"), line("5000", "5")), actor=controller)

    with pytest.raises(AccountHasPostings):
        dispatch(account(), actor=controller)


def test_the_history_of_a_deactivated_account_has_the_reason(chart, controller):
    dispatch(DeactivateAccount(account_id=chart["2000"].pk, reason="Repaid"), actor=controller)

    version = Account.objects.get(code="2000").history.first()
    assert (version.is_active, version.history_change_reason, version.actor_name) == (
        False,
        "Repaid",
        str(controller),
    )


def test_an_invalid_deactivation_is_refused(chart, controller):
    with pytest.raises(ReasonMissing):
        dispatch(DeactivateAccount(account_id=chart["2000"].pk, reason=""), actor=controller)
    dispatch(DeactivateAccount(account_id=chart["2000"].pk, reason="Repaid"), actor=controller)
    with pytest.raises(AccountIsInactive):
        dispatch(DeactivateAccount(account_id=chart["2000"].pk, reason="Repaid"), actor=controller)
    with pytest.raises(AccountUnknown):
        dispatch(DeactivateAccount(account_id=10**12, reason="Repaid"), actor=controller)


def test_a_new_tenant_has_a_general_journal(at_acme):
    assert [str(journal) for journal in Journal.objects.all()] == ["GEN General journal"]


def test_opening_a_journal_twice_is_refused(at_acme, controller):
    with pytest.raises(JournalCodeTaken):
        dispatch(OpenJournal(code="GEN", name="Another"), actor=controller)


@pytest.mark.parametrize("command", [account(), OpenJournal(code="B", name="Bank")])
def test_account_management_by_an_accountant_is_denied(chart, accountant, command):
    with pytest.raises(PermissionDenied):
        dispatch(command, actor=accountant)


def test_a_renamed_account_has_its_former_name_in_the_field_history(chart, controller):
    renamed = dispatch(ChangeAccount(account_id=chart["1000"].pk, name="Petty cash"), actor=controller)

    assert str(renamed) == "1000 Petty cash"
    assert [row.name for row in renamed.history.order_by("history_id")] == [chart["1000"].name, "Petty cash"]


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"name": ""}, AccountNameMissing),
        ({"name": "Sales"}, AccountNameTaken),
        ({"type": "money"}, AccountTypeUnknown),
        ({"account_id": 77, "name": "X"}, AccountUnknown),
    ],
)
def test_an_invalid_change_of_an_account_is_refused(chart, controller, changes, refusal):
    with pytest.raises(refusal):
        dispatch(ChangeAccount(**{"account_id": chart["1000"].pk, **changes}), actor=controller)


def test_the_type_of_an_account_changes_until_its_first_posting(chart, controller):
    opened = dispatch(account(parent=""), actor=controller)
    assert dispatch(ChangeAccount(account_id=opened.pk, type="equity"), actor=controller).type == "equity"

    dispatch(entry(line("1000", "10"), line(opened.code, "-10")), actor=controller)

    with pytest.raises(AccountIsFixed):
        dispatch(ChangeAccount(account_id=opened.pk, type="liability"), actor=controller)
    assert refused(f"UPDATE ledger_account SET type = 'asset' WHERE id = {opened.pk}") == "BL010"


def test_the_type_of_an_account_with_a_parent_or_a_child_is_fixed(chart, controller):
    child = dispatch(account(), actor=controller)

    for fixed in (child, child.parent):
        with pytest.raises(AccountIsFixed):
            dispatch(ChangeAccount(account_id=fixed.pk, type="asset"), actor=controller)
        assert refused(f"UPDATE ledger_account SET type = 'asset' WHERE id = {fixed.pk}") == "BL010"


def test_a_reactivated_account_takes_postings_again(chart, controller):
    opened = dispatch(account(parent=""), actor=controller)
    with pytest.raises(AccountIsActive):
        dispatch(ReactivateAccount(account_id=opened.pk, reason="Again."), actor=controller)
    dispatch(DeactivateAccount(account_id=opened.pk, reason="Unused."), actor=controller)

    dispatch(ReactivateAccount(account_id=opened.pk, reason="Again."), actor=controller)

    assert dispatch(entry(line("1000", "10"), line(opened.code, "-10")), actor=controller).is_posted
