"""Customers, orders and invoices. Their invariants are enforced by the database (migration 0002)."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from django.db import models
from django.db.models import CharField, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history
from apps.kernel.models import Tracked
from apps.kernel.money import LARGEST, Money, currency
from apps.sagas.models import Run


class Customer(Tracked):
    """A customer. `address` is printed on invoices as it is, line by line. An inactive customer places no orders."""

    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=200)
    email = models.EmailField(max_length=254, blank=True)
    address = models.TextField(blank=True)
    is_active = models.BooleanField(default=True, db_default=True)

    history = field_history()

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_customers", "Can add customers")]
        ordering = ("code",)
        constraints = [
            models.CheckConstraint(name="sales_customer_is_named", condition=~Q(code="") & ~Q(name="")),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def payer_key(self) -> str:
        """The name of the customer as a payer in payments."""
        return f"customer:{self.pk}"


ORDER_TO_CASH_NAME = "sales.order_to_cash"


class OrderQuerySet(models.QuerySet["Order"]):
    def with_saga_state(self) -> OrderQuerySet:
        """Annotates `saga_state` (a Run.State) and `last_error` of the saga from order to cash; both are None before
        the saga starts."""
        subject = Concat(Value("order:"), Cast(OuterRef("pk"), CharField()))
        runs = Run.objects.filter(saga=ORDER_TO_CASH_NAME, subject=subject)
        return self.annotate(
            saga_state=Subquery(runs.values("state")), last_error=Subquery(runs.values("last_error"))
        )


class Order(Tracked):
    """An order of a customer, at the agreed prices.

    amount_minor  the total, in minor units of `currency`
    provider      the payment method
    token         the provider's token for the customer's card
    why           the reason for its cancellation
    """

    class State(models.TextChoices):
        PLACED = "placed", _("Placed")
        CONFIRMED = "confirmed", _("Confirmed")
        PAID = "paid", _("Paid")
        INVOICED = "invoiced", _("Invoiced")
        COMPLETED = "completed", _("Completed")
        CANCELLED = "cancelled", _("Cancelled")

    STATE_SEQUENCE: ClassVar = (State.PLACED, State.CONFIRMED, State.PAID, State.INVOICED, State.COMPLETED)
    IN_PROGRESS: ClassVar = STATE_SEQUENCE[:-1]
    TRANSITIONS: ClassVar = frozenset(
        {
            *pairwise(STATE_SEQUENCE),
            (State.PLACED, State.CANCELLED),
            (State.CONFIRMED, State.CANCELLED),
            (State.PAID, State.CANCELLED),
        }
    )

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="orders")
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    provider = models.CharField(max_length=20)
    token = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.PLACED)
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=200)
    why = models.TextField("reason", blank=True)

    objects = OrderQuerySet.as_manager()

    class Meta:
        default_permissions = ("view",)
        permissions = [
            ("place_order", "Can place orders"),
            ("process_order", "Can lock and complete orders"),
            ("cancel_order", "Can cancel orders"),
            ("refund_order", "Can refund orders"),
            ("set_up_sales", "Can set up sales"),
        ]
        ordering = ("-id",)
        constraints = [
            models.CheckConstraint(
                name="sales_order_total_in_range", condition=Q(amount_minor__gt=0, amount_minor__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="sales_cancelled_order_has_reason", condition=~Q(state="cancelled") | ~Q(why="")
            ),
        ]
        indexes = [models.Index(name="sales_order_by_amount", fields=["amount_minor"])]

    def __str__(self) -> str:
        return self.number

    @property
    def number(self) -> str:
        return f"SO-{self.pk}"

    @property
    def subject(self) -> str:
        """The reference by which other apps know the order."""
        return f"order:{self.pk}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, currency(self.currency))

    def has_reached(self, state: Order.State) -> bool:
        """Whether the order is or was in the state; false for a cancelled order."""
        return self.state in self.STATE_SEQUENCE and self.STATE_SEQUENCE.index(
            self.State(self.state)
        ) >= self.STATE_SEQUENCE.index(state)

    def move_to(self, state: Order.State, why: str = "") -> None:
        """The database refuses any transition that is not in TRANSITIONS."""
        self.state, self.why = state, why
        self.save(update_fields=["state", "why"])


class OrderLine(Tracked):
    """A quantity of one item, at a unit price in minor units. `name` is the name of the item at the time of the
    order."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="lines", db_index=False)
    line_no = models.PositiveIntegerField()
    item = models.ForeignKey("inventory.Item", on_delete=models.PROTECT, related_name="+")
    name = models.CharField(max_length=200)
    quantity = models.BigIntegerField()
    price_minor = models.BigIntegerField()

    class Meta:
        default_permissions = ("view",)
        ordering = ("line_no",)
        constraints = [
            models.UniqueConstraint(name="sales_line_once", fields=["order", "line_no"]),
            models.UniqueConstraint(name="sales_ordered_item_once", fields=["order", "item"]),
            models.CheckConstraint(
                name="sales_line_is_valid",
                condition=Q(
                    quantity__gt=0, quantity__lte=10**9, price_minor__gte=0, price_minor__lte=LARGEST
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.name}"

    @property
    def price(self) -> Money:
        return Money(self.price_minor, currency(self.order.currency))

    @property
    def total(self) -> Money:
        return Money(self.price_minor * self.quantity, currency(self.order.currency))


class Invoice(Tracked):
    """The invoice of an order, with names and address as of its date.

    number   assigned by the database, without a gap in its year
    file     the storage key of its document, once stored
    failure  why the last attempt to make its document failed
    """

    class State(models.TextChoices):
        ISSUED = "issued", _("Issued, document pending")
        FAILED = "failed", _("Issued, document failed")
        STORED = "stored", _("Issued")

    TRANSITIONS: ClassVar = frozenset(
        {
            (State.ISSUED, State.STORED),
            (State.ISSUED, State.FAILED),
            (State.FAILED, State.ISSUED),
            (State.FAILED, State.STORED),
        }
    )

    order = models.OneToOneField(Order, on_delete=models.PROTECT, related_name="invoice")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    issued_on = models.DateField()
    seller = models.CharField(max_length=120)
    customer_name = models.CharField(max_length=200)
    customer_address = models.TextField(blank=True)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    entry = models.ForeignKey("ledger.Entry", on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=6, choices=State.choices, default=State.ISSUED)
    file = models.CharField(max_length=200, blank=True)
    failure = models.TextField("reason", blank=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("issue_invoice", "Can issue invoices")]
        ordering = ("-year", "-number")
        constraints = [
            models.UniqueConstraint(name="sales_invoice_number_once", fields=["year", "number"]),
            models.CheckConstraint(
                name="sales_stored_invoice_has_file",
                condition=Q(state__regex="^(issued|failed)$", file="") | (Q(state="stored") & ~Q(file="")),
            ),
            models.CheckConstraint(
                name="sales_failed_document_has_reason",
                condition=(Q(state="failed") & ~Q(failure="")) | (~Q(state="failed") & Q(failure="")),
            ),
            models.CheckConstraint(
                name="sales_invoice_is_of_its_year", condition=Q(issued_on__year=F("year"))
            ),
        ]
        indexes = [
            models.Index(name="sales_invoice_by_number", fields=["number"]),
            models.Index(name="sales_invoice_by_amount", fields=["amount_minor"]),
        ]

    def __str__(self) -> str:
        return f"INV-{self.year}-{self.number:06}"

    @property
    def total(self) -> Money:
        return Money(self.amount_minor, currency(self.currency))

    @property
    def file_name(self) -> str:
        """The storage key of its document."""
        return f"invoices/{self.year}/{self}.pdf"
