"""Payments, refunds, and the database of the sandbox provider. Their invariants are enforced by the database
(migration 0002).
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.models import Tracked
from apps.kernel.money import LARGEST, Money, currency


class PaymentQuerySet(models.QuerySet["Payment"]):
    def open(self) -> PaymentQuerySet:
        """Requested and confirmed payments: those that are neither failed nor void."""
        return self.filter(state__in=[Payment.State.REQUESTED, Payment.State.CONFIRMED])


class Payment(Tracked):
    """A payment for `reference`, such as "order:12".

    amount_minor         in minor units of `currency`
    provider             a name in providers.PROVIDERS
    token                the provider's token for the payer's card
    paid_through         the provider that received the money, or CREDIT if it was on account; empty until confirmed
    provider_payment_id  that provider's id of the payment; empty for money on account
    refunded_minor       the sum of its refunds, maintained by a trigger
    entry                the journal entry of its confirmation
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        CONFIRMED = "confirmed", _("Confirmed")
        FAILED = "failed", _("Failed")
        VOID = "void", _("Void")

    TRANSITIONS: ClassVar = frozenset(
        {
            (State.REQUESTED, State.CONFIRMED),
            (State.REQUESTED, State.FAILED),
            (State.REQUESTED, State.VOID),
            (State.FAILED, State.CONFIRMED),
            (State.VOID, State.CONFIRMED),
        }
    )
    """A payment is also confirmed after a failure or void: the money is posted, and the order refunds it."""

    reference = models.CharField(max_length=120, db_index=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    provider = models.CharField(max_length=20)
    token = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    paid_through = models.CharField(max_length=20, blank=True, default="", db_default="")
    provider_payment_id = models.CharField(max_length=120, blank=True)
    refunded_minor = models.BigIntegerField(default=0, db_default=0)
    why = models.TextField("reason", blank=True)
    requested_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True)
    entry = models.ForeignKey("ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+")

    objects = PaymentQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("request_payment", "Can request payments"),
            ("confirm_payment", "Can confirm payments and mark them as failed"),
            ("refund_payment", "Can void and refund payments"),
        ]
        constraints = [
            models.CheckConstraint(
                name="payments_payment_is_positive",
                condition=Q(amount_minor__gt=0, amount_minor__lte=LARGEST),
            ),
            models.CheckConstraint(
                name="payments_refunds_within_payment",
                condition=Q(refunded_minor__gte=0, refunded_minor__lte=F("amount_minor")),
            ),
            models.CheckConstraint(
                name="payments_confirmed_is_posted",
                condition=(
                    Q(state="confirmed", confirmed_at__isnull=False, entry__isnull=False)
                    & (
                        Q(paid_through="credit", provider_payment_id="")
                        | (~Q(paid_through__regex="^(|credit)$") & ~Q(provider_payment_id=""))
                    )
                )
                | Q(
                    state__regex="^(requested|failed|void)$",
                    confirmed_at=None,
                    entry=None,
                    paid_through="",
                    provider_payment_id="",
                    refunded_minor=0,
                ),
            ),
            models.UniqueConstraint(
                name="payments_one_open_for_reference",
                fields=["reference"],
                condition=Q(state="requested"),
            ),
        ]
        indexes = [models.Index(name="payments_payment_by_amount", fields=["amount_minor"])]

    def __str__(self) -> str:
        return gettext("payment {pk}").format(pk=self.pk)

    @property
    def number(self) -> str:
        return f"P-{self.pk}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, currency(self.currency))

    @property
    def refunded(self) -> Money:
        return Money(self.refunded_minor, currency(self.currency))

    @property
    def refundable(self) -> Money:
        """The confirmed amount minus its refunds."""
        remaining = self.amount_minor - self.refunded_minor if self.state == self.State.CONFIRMED else 0
        return Money(remaining, currency(self.currency))


class Refund(Tracked):
    """A refund of a payment. `reference` identifies it among the refunds of the payment.

    A refund is requested and, with its entry, posted in one transaction; the provider sends it afterwards.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        POSTED = "posted", _("Posted")

    TRANSITIONS: ClassVar = frozenset({(State.REQUESTED, State.POSTED)})

    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds", db_index=False)
    reference = models.CharField(max_length=80)
    amount_minor = models.BigIntegerField()
    reason = models.TextField()
    state = models.CharField(max_length=9, choices=State.choices, default=State.REQUESTED)
    entry = models.ForeignKey("ledger.Entry", null=True, on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    provider_refund_id = models.CharField(max_length=120, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(name="payments_refund_once", fields=["payment", "reference"]),
            models.CheckConstraint(name="payments_refund_is_positive", condition=Q(amount_minor__gt=0)),
            models.CheckConstraint(
                name="payments_posted_refund_has_entry",
                condition=Q(state="posted", entry__isnull=False) | Q(state="requested", entry=None),
            ),
        ]

    def __str__(self) -> str:
        return gettext("refund {reference} of payment {payment_id}").format(
            reference=self.reference, payment_id=self.payment_id
        )

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, currency(self.payment.currency))

    @property
    def provider_key(self) -> str:
        """The idempotency key at the provider."""
        return f"refund:{self.pk}"


class SandboxOperation(models.Model):
    """An operation of the simulated card processor, by idempotency key. It stands in for the database of an external
    provider, so it is written outside the transactions of commands and read by the sandbox only."""

    key = models.CharField(max_length=120, unique=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    declined = models.CharField(max_length=200, blank=True)
    done_at = models.DateTimeField()

    class Meta:
        verbose_name = _("sandbox operation")
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.key
