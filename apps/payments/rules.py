"""Validation of payments and refunds."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.db.models import F, Q

from apps.kernel.currencies import currency_must_be_valid_on
from apps.kernel.listing import listed
from apps.kernel.money import Money
from apps.kernel.text import is_visible
from apps.ledger import rules as ledger
from apps.periods.models import Period
from apps.settings.business_day import business_day, end_of_business_day

from . import hooks
from .errors import (
    AmountNotPositive,
    CreditExceeded,
    CreditInOtherCurrency,
    CreditOfOtherPayer,
    CreditRefundDiffers,
    CreditRefundUnknown,
    CreditsInsufficient,
    CreditUnknown,
    PayerDiffers,
    PayerUnknown,
    PaymentDiffers,
    PaymentIsConfirmed,
    PaymentNotConfirmed,
    PaymentNotOutstanding,
    PaymentsInFlight,
    PaymentUnknown,
    ProviderUnknown,
    ReceivedInFuture,
    ReferenceDiffers,
    ReferenceMissing,
    RefundDiffers,
    RefundSentDiffers,
    RefundTooLarge,
    RefundUnknown,
)
from .hooks import Payer
from .models import Credit, CreditRefund, Payment, Refund
from .providers import PROVIDERS, PaymentProvider
from .setting_definitions import ACCOUNTS

MAX_PAYMENTS_LISTED = 10


def amount_must_be_positive(amount: Decimal, currency: str, day: dt.date | None = None) -> Money:
    """In a currency that was valid on the day, today by default."""
    currency_must_be_valid_on(currency, day or business_day())
    return refund_must_be_positive(amount, currency)


def refund_must_be_positive(amount: Decimal, currency: str) -> Money:
    """In the currency in which the money was received, though it may be withdrawn meanwhile."""
    money = Money.of(amount, currency)
    if money.minor <= 0:
        raise AmountNotPositive(amount=money)
    return money


def booking_must_be_possible(currency: str = "") -> None:
    """Before a provider is called: the accounts of payments, and an open day."""
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


def refund_must_not_be_sent_otherwise(refund: Refund | CreditRefund, provider_refund_id: str) -> bool:
    """Whether it was sent before: then with the same number."""
    if refund.sent_at and refund.provider_refund_id != provider_refund_id:
        raise RefundSentDiffers(
            refund=refund, sent_as=refund.provider_refund_id or "-", other=provider_refund_id or "-"
        )
    return refund.sent_at is not None


# Credits


def purpose_of(payment_id: int, reference: str) -> str:
    """The purpose of money that arrives: that of the payment, if it names one."""
    if not payment_id:
        return reference.strip()
    payment = Payment.objects.filter(pk=payment_id).first()
    if payment is None:
        raise PaymentUnknown(payment_id=payment_id)
    if reference.strip() not in ("", payment.reference):
        raise ReferenceDiffers(payment=payment_id, reference=payment.reference, other=reference)
    return payment.reference


def payment_for(payment_id: int, reference: str) -> Payment | None:
    """The payment that the money is for, locked: the one it names while outstanding, or the outstanding one of its
    purpose."""
    named = payment_must_exist(payment_id) if payment_id else None
    if (named and named.state == Payment.State.REQUESTED) or not reference:
        return named
    outstanding = Payment.objects.filter(reference=reference, state=Payment.State.REQUESTED)
    return outstanding.select_for_update().first() or named


def payer_must_agree(code: str, reference: str) -> Payer:
    """The customer of the purpose, or the one with the code; both are the same where both are known."""
    of_reference = hooks.payer_of(reference)
    if not code:
        return of_reference
    payer = hooks.payer_with_code(code)
    if payer is None:
        raise PayerUnknown(payer=code)
    if of_reference.key not in ("", payer.key):
        raise PayerDiffers(reference=reference, name=of_reference.name, other=payer.name)
    return payer


def payment_must_be_outstanding(payment: Payment) -> None:
    if payment.state != Payment.State.REQUESTED:
        raise PaymentNotOutstanding(payment=payment.pk, state=payment.get_state_display().lower())


def credit_must_exist(credit_id: int) -> Credit:
    """Locks the credit until the end of the transaction, so that its uses are serialised."""
    credit = Credit.objects.select_for_update().filter(pk=credit_id).first()
    if credit is None:
        raise CreditUnknown(credit_id=credit_id)
    return credit


def credits_must_cover(payment: Payment, credit_id: int) -> list[Credit]:
    """The credit, and behind it the other open ones of the same customer and currency. All are locked, in one order."""
    payer = hooks.payer_of(payment.reference)
    of_payer = Q(payer=payer.key) if payer.key else Q(payer="", reference=payment.reference)
    others = of_payer & Q(currency=payment.currency, used_minor__lt=F("amount_minor"))
    credits = list(Credit.objects.filter(Q(pk=credit_id) | others).order_by("pk").select_for_update())
    first = next((credit for credit in credits if credit.pk == credit_id), None)
    if first is None:
        raise CreditUnknown(credit_id=credit_id)
    if first.currency != payment.currency:
        raise CreditInOtherCurrency(
            credit=first.pk, currency=first.currency, payment=payment.pk, other=payment.currency
        )
    if first.payer not in ("", payer.key):
        raise CreditOfOtherPayer(
            credit=first.pk, name=first.payer_name, payment=payment.pk, other=payer.name or payment.reference
        )
    available = sum((credit.unused for credit in credits), start=Money(0, payment.amount.currency))
    if not first.unused.minor or available.minor < payment.amount_minor:
        raise CreditsInsufficient(available=available, payment=payment.pk, amount=payment.amount)
    return [first, *(credit for credit in credits if credit.pk != credit_id)]


def credit_must_cover(credit: Credit, amount: Money) -> None:
    if amount.minor > credit.unused.minor:
        raise CreditExceeded(amount=amount, unused=credit.unused, credit=credit.pk)


def credit_refund_must_not_differ(credit: Credit, reference: str, amount: Money) -> CreditRefund | None:
    """The existing refund with the reference, if any: it has the same amount."""
    refund = CreditRefund.objects.filter(credit=credit, reference=reference).select_related("credit").first()
    if refund and refund.amount != amount:
        raise CreditRefundDiffers(credit=credit.pk, reference=reference)
    return refund


def credit_refund_must_exist(refund_id: int) -> CreditRefund:
    refunds = CreditRefund.objects.select_for_update(of=("self",)).select_related("credit")
    refund = refunds.filter(pk=refund_id).first()
    if refund is None:
        raise CreditRefundUnknown(refund_id=refund_id)
    return refund
