"""Entries of an external CSV file that must be refused; skipped if the file is missing."""

from __future__ import annotations

import csv
from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.kernel.errors import Refusal
from apps.kernel.tenant import activate
from apps.ledger.commands import DeactivateAccount, Line, OpenAccount
from apps.ledger.models import Account, Entry
from tests.support.books import SUITE, entry

FILE = SUITE / "must_be_refused.csv"
CASES = list(csv.DictReader(FILE.open())) if FILE.exists() else []
ACCEPTED = {"iqd_three_decimals_ok", "float_text"}
CODES = {
    "unbalanced_by_one_cent": {"ledger.entry_unbalanced"},
    "balanced_across_currencies_only": {"ledger.entry_unbalanced"},
    "three_decimals_usd": {"kernel.amount_too_precise"},
    "one_decimal_jpy": {"kernel.amount_too_precise"},
    "four_decimals_kwd": {"kernel.amount_too_precise"},
    "single_line": {"ledger.too_few_lines"},
    "no_lines": {"ledger.too_few_lines"},
    "zero_line": {"ledger.line_is_zero"},
    "nan": {"kernel.amount_malformed"},
    "infinity": {"kernel.amount_malformed"},
    "exponent": {"kernel.amount_malformed", "kernel.amount_too_large"},
    "negative_zero": {"ledger.line_is_zero"},
    "unknown_currency": {"kernel.currency_unknown"},
    # The kuna was withdrawn on 2023-01-01, before the day of this entry.
    "withdrawn_currency_old_date_ok": {"kernel.currency_withdrawn"},
    "inactive_account": {"ledger.account_is_inactive"},
    "header_account": {"ledger.account_has_children"},
    "other_tenant_account": {"ledger.account_unknown"},
}

pytestmark = pytest.mark.skipif(not CASES, reason=f"{FILE} does not exist")


@pytest.fixture
def accounts(at_acme, globex, controller):
    """A, B and C, an inactive account, a parent with a child; and T2_A of another tenant."""
    from apps.kernel.actors import System

    for code in ("A", "B", "C", "X_inactive", "X_parent"):
        dispatch(OpenAccount(code=code, name=code, type="asset"), actor=controller)
    dispatch(OpenAccount(code="X_child", name="X_child", type="asset", parent="X_parent"), actor=controller)
    inactive = Account.objects.get(code="X_inactive")
    dispatch(DeactivateAccount(account_id=inactive.pk, reason="Not used."), actor=controller)
    with activate(globex):
        dispatch(OpenAccount(code="T2_A", name="T2_A", type="asset"), actor=System("the suite"))


def lines_of(case):
    return tuple(
        Line(account=account, currency=currency, amount=Decimal(amount))
        for account, currency, amount in (part.split(":") for part in case["lines"].split(";") if part)
    )


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_an_invalid_entry_is_refused_with_its_code(case, accounts, controller):
    command = entry(*lines_of(case))
    if case["case"] in ACCEPTED:
        assert dispatch(command, actor=controller).is_posted
        return

    with pytest.raises(Refusal) as caught:
        dispatch(command, actor=controller)

    codes = {refusal.code for refusal in caught.value.refusals}
    assert codes
    assert codes <= CODES[case["case"]], case["why"]
    assert not Entry.objects.exists()
