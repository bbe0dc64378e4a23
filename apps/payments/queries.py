"""Queries of payments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import CharField, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext

from apps.kernel.money import Money, currency
from apps.ledger.hooks import AccountSetting
from apps.ledger.models import Account, Entry
from apps.ledger.queries import credited_account, debited_account
from apps.settings import queries as settings_queries

from .errors import PaymentHasFailed, PaymentIsRefunded, PaymentIsVoid, PaymentUnknown
from .models import CREDIT, Credit, CreditRefund, Payment, Refund
from .setting_definitions import ACCOUNTS, BANK, CREDIT_ACCOUNT, RECEIVABLE


@dataclass(frozen=True)
class Difference:
    """A disagreement between two records of the same fact."""

    subject: str
    actual: str
    expected: str

    def __str__(self) -> str:
        return gettext("{subject} is {actual} and should be {expected}").format(
            subject=self.subject, actual=self.actual, expected=self.expected
        )


def bank_account() -> str:
    """The code of the account that payments are debited to and refunds are credited to."""
    return settings_queries.value(BANK)


def receivable_account() -> str:
    """The code of the account of receivables."""
    return settings_queries.value(RECEIVABLE)


def receivable_account_of_payment(payment: Payment | None) -> str:
    """The account of receivables on which the payment was booked, while it takes postings: what it pays for is booked
    there too. That of the setting without a payment."""
    entry = payment.entry if payment else None
    return _account_or_receivable(credited_account(entry) if entry else None)


def receivable_account_of_refund(refund: Refund) -> str:
    """The account of receivables on which the refund was booked, while it takes postings."""
    return _account_or_receivable(debited_account(refund.entry) if refund.entry else None)


def _account_or_receivable(account: Account | None) -> str:
    return account.code if account and account.is_active else receivable_account()


def credit_account() -> str:
    """The code of the account of money on account, a liability."""
    return settings_queries.value(CREDIT_ACCOUNT)


def account_settings() -> Sequence[AccountSetting]:
    """The settings of the accounts that payments are posted to."""
    return ACCOUNTS


def is_confirmed(payment_id: int) -> bool:
    """True if the payment is confirmed and not fully refunded, False while it is outstanding. Raises the refusal with
    the reason otherwise."""
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
    """All payments for the reference, the latest first, with their refunds prefetched."""
    return list(Payment.objects.filter(reference=reference).prefetch_related("refunds").order_by("-id"))


def refunds_for(reference: str) -> Sequence[Refund]:
    """All refunds for the reference, the earliest first."""
    return list(Refund.objects.filter(payment__reference=reference).select_related("payment").order_by("id"))


def on_account() -> list[Money]:
    """The total of open credits in each currency."""
    sums: dict[str, int] = {}
    for credit in Credit.objects.open():
        sums[credit.currency] = sums.get(credit.currency, 0) + credit.unused.minor
    return [Money(minor, currency(iso)) for iso, minor in sorted(sums.items())]


def outstanding() -> list[Money]:
    """The total of outstanding payments in each currency."""
    sums: dict[str, int] = {}
    for payment in Payment.objects.filter(state=Payment.State.REQUESTED):
        sums[payment.currency] = sums.get(payment.currency, 0) + payment.amount_minor
    return [Money(minor, currency(iso)) for iso, minor in sorted(sums.items())]


def reconcile() -> list[Difference]:
    """Every disagreement between payments, refunds and the ledger; an empty list means that all agree."""
    return [
        *_refunded(),
        *_never_posted(),
        *_payments_and_entries(),
        *_refunds_and_entries(),
        *_credits_and_entries(),
        *_credit_refunds_and_entries(),
        *_used(),
    ]


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
            Difference(f"refunded of payment {payment}", str(actual), str(expected))
            for payment, actual, expected in cursor.fetchall()
        ]


def _never_posted() -> list[Difference]:
    requested = Refund.objects.exclude(state=Refund.State.POSTED)
    return [Difference(str(refund), refund.state, "posted") for refund in requested]


def _payments_and_entries() -> list[Difference]:
    """Each confirmed payment has one entry, of its amount, and there are no other entries."""
    confirmed = Payment.objects.filter(state=Payment.State.CONFIRMED).select_related("entry")
    expected = {
        f"payment_confirmed:{payment.pk}": (payment.currency, payment.amount_minor) for payment in confirmed
    }
    wrong_sources = [
        Difference(str(payment), f"posted as {payment.entry.source}", f"payment_confirmed:{payment.pk}")
        for payment in confirmed
        if payment.entry and payment.entry.source != f"payment_confirmed:{payment.pk}"
    ]
    return [*wrong_sources, *posting_differences("payment_confirmed:", expected)]


def _refunds_and_entries() -> list[Difference]:
    expected = {
        f"refund_ledger:{refund.payment_id}:{refund.reference}": (
            refund.payment.currency,
            refund.amount_minor,
        )
        for refund in Refund.objects.select_related("payment")
    }
    return posting_differences("refund_ledger:", expected)


def _credits_and_entries() -> list[Difference]:
    """A credit that is a payment refunded on account has the entry of this refund."""
    received = Credit.objects.exclude(provider=CREDIT)
    expected = {
        f"transfer:{credit.provider}:{credit.provider_payment_id}": (credit.currency, credit.amount_minor)
        for credit in received
    }
    return posting_differences("transfer:", expected)


def _credit_refunds_and_entries() -> list[Difference]:
    expected = {
        f"credit_refunded:{refund.credit_id}:{refund.reference}": (
            refund.credit.currency,
            refund.amount_minor,
        )
        for refund in CreditRefund.objects.select_related("credit")
    }
    return posting_differences("credit_refunded:", expected)


def _used() -> list[Difference]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id, used_minor, uses FROM payments_credit AS credit CROSS JOIN LATERAL (SELECT"
            " coalesce((SELECT sum(amount_minor) FROM payments_creditapplication WHERE credit_id = credit.id), 0)"
            " + coalesce((SELECT sum(amount_minor) FROM payments_creditrefund WHERE credit_id = credit.id), 0) AS uses"
            ") AS parts WHERE used_minor <> uses ORDER BY id"
        )
        return [
            Difference(f"used of credit {credit}", str(actual), str(expected))
            for credit, actual, expected in cursor.fetchall()
        ]


def credits_of(payments: QuerySet[Payment]) -> QuerySet[Credit]:
    """Money on account that covered payments, or to which their refunds went back."""
    returned = (
        Refund.objects.filter(payment__in=payments)
        .annotate(key=Concat(Value("refund:"), Cast("pk", CharField())))
        .values("key")
    )
    return Credit.objects.filter(
        Q(applications__payment__in=payments) | Q(provider=CREDIT, provider_payment_id__in=returned)
    ).distinct()


def posting_differences(prefix: str, expected: dict[str, tuple[str, int]]) -> list[Difference]:
    """The differences between the posted entries whose source starts with `prefix` and the expected ones: by source,
    the currency and the sum of the debits."""
    posted: dict[str, tuple[str, int]] = {}
    for entry in Entry.objects.posted().filter(source__startswith=prefix).prefetch_related("lines"):
        debits = [line for line in entry.lines.all() if line.amount_minor > 0]
        posted[entry.source] = (debits[0].currency, sum(line.amount_minor for line in debits))
    return [
        Difference(f"the entry of {source}", str(posted.get(source)), str(expected.get(source)))
        for source in sorted({*expected, *posted})
        if posted.get(source) != expected.get(source)
    ]
