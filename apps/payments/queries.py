"""Questions about payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection

from apps.kernel.money import Money, currency
from apps.ledger.models import Entry
from apps.settings import queries as settings_queries

from .errors import PaymentHasFailed, PaymentIsRefunded, PaymentIsVoid, PaymentUnknown
from .models import Payment, Refund
from .setting_definitions import BANK, RECEIVABLE


@dataclass(frozen=True)
class Difference:
    """Where two tellings of the same thing disagree: what of, and what each says."""

    what: str
    actual: str
    should_be: str

    def __str__(self) -> str:
        return f"{self.what} says {self.actual} and should be {self.should_be}"


def bank_account() -> str:
    """The code of the account that money comes into and goes out of."""
    return settings_queries.value(BANK)


def receivable_account() -> str:
    """The code of the account of what customers owe."""
    return settings_queries.value(RECEIVABLE)


def is_confirmed(payment_id: int) -> bool:
    """True when the money has come and was not given back, False while it is waited for. Raises the refusal that
    says why it will not come."""
    payment = Payment.objects.filter(pk=payment_id).first()
    if payment is None:
        raise PaymentUnknown(payment_id=payment_id)
    if payment.state == Payment.State.FAILED:
        raise PaymentHasFailed(payment=payment.pk, why=payment.why)
    if payment.state == Payment.State.VOID:
        raise PaymentIsVoid(payment=payment.pk, why=payment.why)
    if payment.state == Payment.State.CONFIRMED and not payment.refundable.minor:
        raise PaymentIsRefunded(payment=payment.pk)
    return payment.state == Payment.State.CONFIRMED


def payments_for(reference: str) -> Sequence[Payment]:
    """Every attempt, the latest first, with its refunds at hand."""
    return list(Payment.objects.filter(reference=reference).prefetch_related("refunds").order_by("-id"))


def refunds_for(reference: str) -> Sequence[Refund]:
    """Everything that was given back for it, the earliest first."""
    return list(Refund.objects.filter(payment__reference=reference).select_related("payment").order_by("id"))


def outstanding() -> list[Money]:
    """What is requested and has not come, by currency."""
    sums: dict[str, int] = {}
    for payment in Payment.objects.filter(state=Payment.State.REQUESTED):
        sums[payment.currency] = sums.get(payment.currency, 0) + payment.amount_minor
    return [Money(minor, currency(iso)) for iso, minor in sorted(sums.items())]


def reconcile() -> list[Difference]:
    """Every disagreement between payments, their refunds and the ledger; none means all is well."""
    return [*_refunded(), *_never_posted(), *_confirmed_and_booked(), *_refunds_and_booked()]


def _refunded() -> list[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT payment.id, payment.refunded_minor, coalesce(sum(refund.amount_minor), 0)"
            " FROM payments_payment AS payment"
            " LEFT JOIN payments_refund AS refund ON refund.payment_id = payment.id"
            " GROUP BY payment.id HAVING payment.refunded_minor <> coalesce(sum(refund.amount_minor), 0)"
            " ORDER BY payment.id"
        )
        return [
            Difference(f"refunded of payment {payment}", str(actual), str(should_be))
            for payment, actual, should_be in cursor.fetchall()
        ]


def _never_posted() -> list[Difference]:
    requested = Refund.objects.exclude(state=Refund.State.POSTED)
    return [Difference(str(each), each.state, "posted") for each in requested]


def _confirmed_and_booked() -> list[Difference]:
    """One entry for each payment that has come, of its amount, and no entry beside them."""
    confirmed = Payment.objects.filter(state=Payment.State.CONFIRMED).select_related("entry")
    wanted = {f"payment_confirmed:{each.pk}": (each.currency, each.amount_minor) for each in confirmed}
    wrong = [
        Difference(str(each), f"booked as {each.entry.source}", f"payment_confirmed:{each.pk}")
        for each in confirmed
        if each.entry and each.entry.source != f"payment_confirmed:{each.pk}"
    ]
    return [*wrong, *posting_differences("payment_confirmed:", wanted)]


def _refunds_and_booked() -> list[Difference]:
    wanted = {
        f"refund_ledger:{refund.payment_id}:{refund.reference}": (
            refund.payment.currency,
            refund.amount_minor,
        )
        for refund in Refund.objects.select_related("payment")
    }
    return posting_differences("refund_ledger:", wanted)


def posting_differences(prefix: str, wanted: dict[str, tuple[str, int]]) -> list[Difference]:
    """Where the ledger's entries for facts that begin with `prefix` are not those that are wanted: by source, the
    currency and the sum of the debits."""
    booked: dict[str, tuple[str, int]] = {}
    for entry in Entry.objects.posted().filter(source__startswith=prefix).prefetch_related("lines"):
        debits = [line for line in entry.lines.all() if line.amount_minor > 0]
        booked[entry.source] = (debits[0].currency, sum(line.amount_minor for line in debits))
    return [
        Difference(f"the entry of {source}", str(booked.get(source)), str(wanted.get(source)))
        for source in sorted({*wanted, *booked})
        if booked.get(source) != wanted.get(source)
    ]
