"""Validation of payments and refunds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from apps.kernel.currencies import currency_must_be_valid_on
from apps.kernel.listing import listed
from apps.kernel.money import Money
from apps.kernel.text import is_visible
from apps.ledger import rules as ledger
from apps.periods.models import Period
from apps.settings.business_day import business_day, end_of_business_day

from .errors import (
    AmountNotPositive,
    PaymentDiffers,
    PaymentIsConfirmed,
    PaymentNotConfirmed,
    PaymentsInFlight,
    PaymentUnknown,
    ProviderIdMissing,
    ProviderIdTaken,
    ProviderUnknown,
    ReceivedInFuture,
    ReferenceMissing,
    RefundDiffers,
    RefundTooLarge,
    RefundUnknown,
)
from .models import Payment, Refund
from .providers import PROVIDERS, PaymentProvider
from .setting_definitions import ACCOUNTS

MAX_PAYMENTS_LISTED = 10


def amount_must_be_positive(amount: Decimal, currency: str) -> Money:
    currency_must_be_valid_on(currency, business_day())
    money = Money.of(amount, currency)
    if money.minor <= 0:
        raise AmountNotPositive(amount=money)
    return money


def booking_must_be_possible(currency: str = "") -> None:
    """Before a provider is called, and before an entry: the accounts of payments, and an open day."""
    ledger.booking_must_be_possible(business_day(), ACCOUNTS, currency=currency)


def receipt_must_not_be_in_future(received_on: dt.date | None) -> dt.date:
    """The day of the receipt."""
    day = received_on or business_day()
    if day > business_day():
        raise ReceivedInFuture(day=day)
    return day


def provider_must_be_known(name: str) -> PaymentProvider:
    if name not in PROVIDERS:
        raise ProviderUnknown(provider=name, providers=", ".join(PROVIDERS))
    return PROVIDERS[name]


def reference_must_be_given(reference: str) -> None:
    if not is_visible(reference):
        raise ReferenceMissing


def payment_must_not_differ(reference: str, amount: Money, provider: str, token: str) -> Payment | None:
    """The open payment for the reference, if any: it has the same amount, provider and token."""
    payment = Payment.objects.open().filter(reference=reference).order_by("-id").first()
    if payment is None or (payment.state == Payment.State.CONFIRMED and not payment.refundable.minor):
        return None
    if (payment.amount, payment.provider, payment.token) != (amount, provider, token):
        raise PaymentDiffers(reference=reference)
    return payment


def payment_must_exist(payment_id: int) -> Payment:
    """Locks the payment until the end of the transaction, so that its changes are serialised."""
    payment = Payment.objects.select_for_update().filter(pk=payment_id).first()
    if payment is None:
        raise PaymentUnknown(payment_id=payment_id)
    return payment


def provider_id_must_be_free(payment: Payment, provider_payment_id: str) -> None:
    if not is_visible(provider_payment_id):
        raise ProviderIdMissing
    others = Payment.objects.filter(provider=payment.provider, provider_payment_id=provider_payment_id)
    if others.exclude(pk=payment.pk).exists():
        raise ProviderIdTaken(provider_payment_id=provider_payment_id)


def payment_must_not_be_confirmed(payment: Payment) -> None:
    if payment.state == Payment.State.CONFIRMED:
        raise PaymentIsConfirmed(payment=payment.pk)


def payment_must_be_confirmed(payment: Payment) -> None:
    if payment.state != Payment.State.CONFIRMED:
        raise PaymentNotConfirmed(payment=payment.pk, state=payment.get_state_display().lower())


def refund_must_not_differ(payment: Payment, reference: str, amount: Money) -> Refund | None:
    """The existing refund with the reference, if any: it has the same amount."""
    refund = Refund.objects.filter(payment=payment, reference=reference).select_related("payment").first()
    if refund and refund.amount != amount:
        raise RefundDiffers(payment=payment.pk, reference=reference)
    return refund


def refund_must_be_covered(payment: Payment, amount: Money) -> None:
    """The amount does not exceed the confirmed amount minus the earlier refunds."""
    if amount.minor > payment.refundable.minor:
        raise RefundTooLarge(amount=amount, refundable=payment.refundable, payment=payment.pk)


def refund_must_exist(refund_id: int) -> Refund:
    refund = (
        Refund.objects.select_for_update(of=("self",)).select_related("payment").filter(pk=refund_id).first()
    )
    if refund is None:
        raise RefundUnknown(refund_id=refund_id)
    return refund


def no_payment_must_be_in_flight(period: Period) -> None:
    """The closing check of payments: none that was requested up to the end of the period is outstanding."""
    outstanding = Payment.objects.filter(
        state=Payment.State.REQUESTED, requested_at__lt=end_of_business_day(period.ends_on)
    ).order_by("pk")
    if names := [str(payment) for payment in outstanding]:
        raise PaymentsInFlight(
            period=period.code, payments=listed(names, MAX_PAYMENTS_LISTED), count=len(names)
        )
