"""Payments and the credits that cover them: always whole, in the transaction of the command. Rows are locked before
anything is booked (docs/decisions/0024-order-of-locks.md).

A payment is never part-paid. Parts of its money stay on account, as a liability, until they cover it.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

from apps.events import publish
from apps.kernel.clock import now
from apps.kernel.db.locks import Lock
from apps.kernel.money import Money
from apps.ledger.queries import credited_account

from . import hooks
from .events import CreditApplied, CreditReceived, PaymentConfirmed
from .models import CREDIT, Credit, CreditApplication, Payment, Refund
from .postings import book
from .setting_definitions import RECEIVABLE

REFERENCE = Lock("{schema}:payments:{reference}")
TRANSFER = Lock("{schema}:transfer:{number}")
TRANSFERS = ("manual", CREDIT)
"""What may cover a bank transfer without a user: a payment by card may be charged at any time, so a user decides."""


def lock_transfer(number: str) -> None:
    """Serialises the reports of a transfer, of all providers: the later of two compares itself with what the earlier
    has booked."""
    with connection.cursor() as cursor:
        TRANSFER.key(number=number).hold(cursor)


def lock_reference(reference: str) -> None:
    """Serialises a request and the money for it: of two that meet, the later finds the earlier."""
    if reference:
        with connection.cursor() as cursor:
            REFERENCE.key(reference=reference).hold(cursor)


def cover_from_reference(payment: Payment) -> bool:
    """Confirms an outstanding bank transfer if the credits for its reference cover it."""
    return cover(payment, lock_credits(payment))


def lock_credits(payment: Payment) -> list[Credit]:
    """The open credits for the reference of the payment, locked."""
    return list(Credit.objects.open().select_for_update().filter(reference=payment.reference))


def cover(payment: Payment, credits: Sequence[Credit]) -> bool:
    """Confirms an outstanding bank transfer if those of the credits cover it that may. The rows of all are locked."""
    if payment.state != Payment.State.REQUESTED or payment.provider != "manual":
        return False
    payer = hooks.payer_of(payment.reference).key
    usable = [
        credit
        for credit in credits
        if credit.currency == payment.currency
        and credit.provider in TRANSFERS
        and credit.payer in ("", payer)
    ]
    if sum(credit.unused.minor for credit in usable) < payment.amount_minor:
        return False
    confirm_from(payment, usable)
    return True


def confirm_from(payment: Payment, credits: Sequence[Credit]) -> None:
    """Applies the credits, in this order, to the payment, which they cover. The rows of all are locked."""
    needed, used, debits = payment.amount_minor, [], dict[str, Money]()
    for credit in credits:
        if part := min(needed, credit.unused.minor):
            CreditApplication.objects.create(
                credit=credit, payment=payment, amount_minor=part, applied_at=now()
            )
            needed -= part
            used.append(credit)
            account = credited_account(credit.entry).code
            debits[account] = debits.get(account, Money(0, payment.amount.currency)) + Money(
                part, payment.amount.currency
            )

    payment.entry = book(
        payment.amount,
        debit=debits,
        credit=RECEIVABLE,
        memo=f"Payment for {payment.reference}, from money on account",
        reference=payment.reference,
        source=f"payment_confirmed:{payment.pk}",
        settles=used[0].entry,
    )
    payment.state, payment.confirmed_at, payment.paid_through = Payment.State.CONFIRMED, now(), CREDIT
    payment.save(update_fields=["entry", "state", "confirmed_at", "paid_through"])

    for credit in used:
        publish(CreditApplied(credit_id=credit.pk, payment_id=payment.pk, reference=payment.reference))
    publish(PaymentConfirmed(payment_id=payment.pk, reference=payment.reference, entry_id=payment.entry.pk))


def return_to_account(refund: Refund) -> None:
    """A refund of a payment from credits goes back on account: nothing was charged that a provider could return."""
    payment, entry = refund.payment, refund.entry
    if entry is None:
        raise ValueError(f"{refund} is not posted.")
    payer = hooks.payer_of(payment.reference)
    credit = Credit.objects.create(
        payer=payer.key,
        payer_name=payer.name,
        reference="",
        amount_minor=refund.amount_minor,
        currency=payment.currency,
        provider=CREDIT,
        provider_payment_id=refund.provider_key,
        received_at=now(),
        entry=entry,
    )
    refund.sent_at, refund.provider_refund_id = now(), f"credit:{credit.pk}"
    refund.save(update_fields=["sent_at", "provider_refund_id"])
    publish(
        CreditReceived(
            credit_id=credit.pk, payer=credit.payer, reference=payment.reference, entry_id=entry.pk
        )
    )
