"""What takes its day from the clock has the day where the tenant is."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.kernel.clock import moved_to
from apps.ledger import queries as ledger
from apps.ledger.models import Entry
from apps.payments.commands import ConfirmPayment
from apps.payments.models import Payment
from apps.periods import queries as periods
from apps.periods.commands import AddFiscalYear
from apps.sales import queries
from apps.sales.commands import RefundOrder
from apps.sales.models import Invoice
from apps.settings.commands import ChangeSetting
from tests.support.settling import settle
from tests.support.shop import ordered

NEW_YEAR_IN_SYDNEY = dt.datetime(2026, 12, 31, 22, 30, tzinfo=dt.UTC)
NEW_YEAR = dt.date(2027, 1, 1)


@pytest.fixture
def sydney(shop, controller):
    """The shop in Sydney, on New Year's morning there, with its fiscal year."""
    dispatch(ChangeSetting(key="companies.time_zone", value="Australia/Sydney"), actor=controller)
    while periods.years()[-1].starts_on.year < NEW_YEAR.year:
        dispatch(AddFiscalYear(year=periods.years()[-1].starts_on.year + 1), actor=controller)
    with moved_to(NEW_YEAR_IN_SYDNEY):
        yield


@pytest.mark.usefixtures("sydney")
def test_payment_invoice_and_refund_have_the_day_in_sydney(accountant, controller):
    order = dispatch(ordered("", provider="manual"), actor=accountant)
    settle()
    payment = Payment.objects.get()
    dispatch(ConfirmPayment(payment_id=payment.pk, provider_payment_id="bank-1"), actor=accountant)
    settle()
    dispatch(
        RefundOrder(order_id=order.pk, amount=Decimal(2), reason="One was bent", reference="R1"),
        actor=controller,
    )
    settle()

    invoice = Invoice.objects.get()
    assert (invoice.year, invoice.issued_on, str(invoice)) == (2027, NEW_YEAR, "INV-2027-000001")
    posted = dict(Entry.objects.values_list("source", "posted_on"))
    assert len(posted) == 4  # payment, invoice, refund, and its credit
    assert {*posted.values()} == {NEW_YEAR}
    assert [month.month for month in ledger.income_and_expense(months=1)] == ["2027-01"]
    assert queries.reconcile() == []


@pytest.mark.usefixtures("sydney")
def test_the_default_day_of_a_form_is_the_day_in_sydney(accountant, client_for):
    clerk = client_for(accountant)

    form = clerk.get("/t/acme/ledger/new-entry/").content.decode()

    assert "2027-01-01" in form
    assert "2026-12-31" not in form
