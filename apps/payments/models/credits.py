"""Money on account, and the transfers of providers. Their invariants are enforced by the database (migration 0002)."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.models import Tracked
from apps.kernel.money import LARGEST, Money, currency

from .payments import Payment

CREDIT = "credit"
"""In place of a provider: a payment that was covered from credits, and a credit that is such a payment refunded."""


class CreditQuerySet(models.QuerySet["Credit"]):
    def open(self) -> CreditQuerySet:
        """Credits with an open amount, the earliest first."""
        return self.filter(used_minor__lt=F("amount_minor")).order_by("pk")


class Credit(Tracked):
    """Money of a customer that was received and belongs to no confirmed payment yet: a liability.

    payer                the customer, as the app above names it ("customer:7"); empty while unknown
    payer_name           the customer's name at that time
    reference            what the money is for, such as "order:12", if known
    amount_minor         in minor units of `currency`
    used_minor           the sum of its applications and refunds, maintained by triggers
    provider             the provider that received the money, or CREDIT
    provider_payment_id  the provider's id of the transfer
    entry                the journal entry of the receipt
    """

    payer = models.CharField(max_length=120, blank=True, db_index=True)
    payer_name = models.CharField("customer", max_length=200, blank=True)
    reference = models.CharField(max_length=120, blank=True, db_index=True)
    amount_minor = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    used_minor = models.BigIntegerField(default=0, db_default=0)
    provider = models.CharField(max_length=20)
    provider_payment_id = models.CharField(max_length=120)
    received_at = models.DateTimeField()
    entry = models.ForeignKey("ledger.Entry", on_delete=models.PROTECT, related_name="+")

    objects = CreditQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                name="payments_credit_is_positive", condition=Q(amount_minor__gt=0, amount_minor__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="payments_uses_within_credit",
                condition=Q(used_minor__gte=0, used_minor__lte=F("amount_minor")),
            ),
        ]
        indexes = [models.Index(name="payments_credit_by_amount", fields=["amount_minor"])]

    def __str__(self) -> str:
        return gettext("credit {pk}").format(pk=self.pk)

    @property
    def number(self) -> str:
        return f"C-{self.pk}"

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, currency(self.currency))

    @property
    def unused(self) -> Money:
        """The open amount: neither applied nor refunded."""
        return Money(self.amount_minor - self.used_minor, currency(self.currency))


class CreditApplication(models.Model):
    """A part of a credit that covers a payment. The applications of a payment are made together: their sum is its
    amount, and it is confirmed in the same transaction."""

    credit = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="applications", db_index=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="applications")
    amount_minor = models.BigIntegerField()
    applied_at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(name="payments_application_once", fields=["credit", "payment"]),
            models.CheckConstraint(name="payments_application_is_positive", condition=Q(amount_minor__gt=0)),
        ]

    def __str__(self) -> str:
        return gettext("{amount} of credit {credit_id} for payment {payment_id}").format(
            amount=self.amount, credit_id=self.credit_id, payment_id=self.payment_id
        )

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, currency(self.credit.currency))


class CreditRefund(Tracked):
    """Money on account that goes back to the customer. It is posted at once; the provider, or a user, sends it later.

    reference  identifies it among the refunds of the credit
    """

    credit = models.ForeignKey(Credit, on_delete=models.PROTECT, related_name="refunds", db_index=False)
    reference = models.CharField(max_length=80)
    amount_minor = models.BigIntegerField()
    reason = models.TextField()
    entry = models.ForeignKey("ledger.Entry", on_delete=models.PROTECT, related_name="+")
    requested_at = models.DateTimeField()
    provider_refund_id = models.CharField(max_length=120, blank=True)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        default_permissions = ("view",)
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(name="payments_credit_refund_once", fields=["credit", "reference"]),
            models.CheckConstraint(
                name="payments_credit_refund_is_positive", condition=Q(amount_minor__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return gettext("refund {reference} of credit {credit_id}").format(
            reference=self.reference, credit_id=self.credit_id
        )

    @property
    def amount(self) -> Money:
        return Money(self.amount_minor, currency(self.credit.currency))

    @property
    def provider_key(self) -> str:
        """The idempotency key at the provider."""
        return f"credit_refund:{self.pk}"


class Transfer(models.Model):
    """A transfer of a provider that is booked, as a payment or as a credit: once, whichever of the two. Written by
    triggers only."""

    provider = models.CharField(max_length=20)
    number = models.CharField(max_length=120)
    payment = models.ForeignKey(Payment, null=True, on_delete=models.PROTECT, related_name="+")
    credit = models.ForeignKey(Credit, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name = _("transfer")
        default_permissions = ("view",)
        constraints = [
            models.UniqueConstraint(name="payments_transfer_once", fields=["provider", "number"]),
            models.CheckConstraint(
                name="payments_transfer_is_booked",
                condition=Q(payment__isnull=False, credit=None) | Q(payment=None, credit__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.number}"

    @property
    def booked_as(self) -> Payment | Credit:
        booked = self.payment or self.credit
        if booked is None:
            raise ValueError(f"{self} is not booked.")
        return booked
