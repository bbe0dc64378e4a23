"""Payments that cannot be booked are refused before a provider is called; money that was received is always booked."""

import datetime as dt
from decimal import Decimal

import pytest

from apps.bus import dispatch
from apps.events.models import Delivery
from apps.kernel.clock import moved_to, now, today
from apps.ledger.commands import OpenAccount
from apps.ledger.errors import BookingImpossible
from apps.ledger.models import Entry
from apps.notices.models import Notice
from apps.payments import queries
from apps.payments.commands import ConfirmPayment, FailPayment, RefundPayment, RequestPayment, VoidPayment
from apps.payments.errors import PaymentsInFlight, ReceivedInFuture
from apps.payments.models import Payment, SandboxOperation
from apps.payments.providers import PROVIDERS
from apps.periods.commands import AddFiscalYear, ClosePeriod
from apps.periods.models import Period
from apps.settings.commands import ChangeSetting
from tests.support.settling import settle

YEAR = today().year


def on(month, day, year=YEAR):
    return moved_to(dt.datetime(year, month, day, 12, tzinfo=dt.UTC))


def request(provider="sandbox"):
    token = "tok_ok" if provider == "sandbox" else ""
    return RequestPayment(
        reference="order:1", amount=Decimal(100), currency="USD", provider=provider, token=token
    )


def close_until(month, actor):
    for period in Period.objects.filter(number__lte=month, status="open").order_by("number"):
        dispatch(ClosePeriod(period_id=period.pk, reason="The month is over."), actor=actor)


@pytest.fixture
def no_next_year(till, controller):
    dispatch(ChangeSetting(key="periods.add_fiscal_years", value=False), actor=controller)


def test_a_request_without_accounts_is_refused_with_all_obstacles_and_nothing_is_charged(
    at_acme, accountant, controller
):
    dispatch(OpenAccount(code="1100", name="Receivables", type="asset"), actor=controller)

    with pytest.raises(BookingImpossible) as caught:
        dispatch(request(), actor=accountant)
    settle()

    assert caught.value.code == "ledger.booking_impossible"
    assert "Account 1000 of the setting payments.bank_account does not exist." in str(caught.value)
    assert caught.value.context["codes"] == ["ledger.account_of_setting_unknown"]
    assert not Payment.objects.exists()
    assert not SandboxOperation.objects.exists()


def test_a_payment_without_an_open_day_is_not_charged_until_there_is_one(
    no_next_year, accountant, owner, controller
):
    """Requested in the last minutes of the last fiscal year, delivered in the next one."""
    with on(12, 31):
        payment = dispatch(request(), actor=accountant)
    with on(1, 1, YEAR + 1):
        settle()

    delivery = Delivery.objects.using("relay").get(subscriber="payments.charge")
    assert (delivery.status, delivery.attempts, delivery.next_at > now()) == ("pending", 0, True)
    assert "BookingImpossible" in delivery.last_error
    assert not SandboxOperation.objects.exists()
    assert Notice.objects.get().subject == "Bookings wait: an account or an open period is missing"

    dispatch(AddFiscalYear(year=YEAR + 1), actor=controller)
    with on(1, 2, YEAR + 1):
        settle()

    payment.refresh_from_db()
    assert (payment.state, payment.entry.posted_on) == ("confirmed", dt.date(YEAR + 1, 1, 2))


def test_a_payment_that_waits_for_an_open_day_is_announced_once(no_next_year, accountant):
    with on(12, 31):
        dispatch(request(), actor=accountant)
    for hour in (1, 2, 3):
        with moved_to(dt.datetime(YEAR + 1, 1, 1, hour, tzinfo=dt.UTC)):
            settle()

    assert Notice.objects.count() == 1
    assert Delivery.objects.using("relay").get(subscriber="payments.charge").status == "pending"


def test_a_confirmation_in_a_year_that_is_missing_adds_it(till, accountant):
    with on(12, 31):
        payment = dispatch(request(provider="manual"), actor=accountant)
    with on(1, 1, YEAR + 1):
        payment = dispatch(ConfirmPayment(payment_id=payment.pk, provider_payment_id="b"), actor=accountant)

    assert payment.entry.posted_on == dt.date(YEAR + 1, 1, 1)


@pytest.mark.parametrize("end", [FailPayment, VoidPayment])
def test_a_card_charged_before_its_period_was_closed_is_booked_on_the_first_open_day(
    till, accountant, controller, end
):
    """A worker charges the card and is killed; the payment ends otherwise; the period is closed; the charge appears."""
    with on(1, 31):
        payment = dispatch(request(), actor=accountant)
        PROVIDERS["sandbox"].charge(payment)
        dispatch(end(payment_id=payment.pk, reason="No answer of the provider."), actor=controller)
    with on(2, 3):
        close_until(1, controller)
        settle()

    payment.refresh_from_db()
    entry = payment.entry
    assert (payment.state, payment.refundable.minor) == ("confirmed", 0)
    assert (entry.posted_on, entry.occurred_on) == (dt.date(YEAR, 2, 1), dt.date(YEAR, 1, 31))
    assert queries.reconcile() == []


def test_a_bank_transfer_of_a_closed_day_is_booked_on_the_first_open_day(till, accountant, controller):
    with on(2, 3):
        close_until(1, controller)
        payment = dispatch(request(provider="manual"), actor=accountant)
        confirmation = ConfirmPayment(
            payment_id=payment.pk, provider_payment_id="b", received_on=dt.date(YEAR, 1, 30)
        )
        entry = dispatch(confirmation, actor=accountant).entry

        assert (entry.posted_on, entry.occurred_on) == (dt.date(YEAR, 2, 1), dt.date(YEAR, 1, 30))


def test_a_receipt_in_the_future_is_refused(requested, accountant):
    tomorrow = today() + dt.timedelta(days=1)
    with pytest.raises(ReceivedInFuture):
        dispatch(
            ConfirmPayment(payment_id=requested.pk, provider_payment_id="b", received_on=tomorrow),
            actor=accountant,
        )
    assert not Entry.objects.exists()


def test_a_refund_without_an_open_day_is_refused_and_nothing_is_sent(no_next_year, accountant, controller):
    with on(12, 31):
        payment = dispatch(request(), actor=accountant)
        settle()
    operations = SandboxOperation.objects.count()

    with on(1, 1, YEAR + 1):
        refund = RefundPayment(payment_id=payment.pk, amount=Decimal(5), reason="Broken.", reference="r")
        with pytest.raises(BookingImpossible, match="No period is open"):
            dispatch(refund, actor=controller)
        settle()

    assert SandboxOperation.objects.count() == operations


def test_an_outstanding_payment_blocks_the_closing_of_its_period_and_is_named(till, accountant, controller):
    with on(1, 20):
        payment = dispatch(request(provider="manual"), actor=accountant)
    with on(2, 3):
        with pytest.raises(PaymentsInFlight, match=f"payment {payment.pk}"):
            close_until(1, controller)
        dispatch(ConfirmPayment(payment_id=payment.pk, provider_payment_id="b"), actor=accountant)
        close_until(1, controller)

    assert Period.objects.get(number=1).status == "closed"
