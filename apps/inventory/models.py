"""Items, their stock, reservations, and every stock movement."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit.history import field_history
from apps.kernel.models import Tracked


class Item(Tracked):
    """An item, counted in whole `unit`s and identified by its stock-keeping code. New orders have no inactive
    item."""

    sku = models.CharField("SKU", max_length=40, unique=True)
    name = models.CharField(max_length=200)
    unit = models.CharField(max_length=20, default="piece")
    is_active = models.BooleanField(default=True, db_default=True)

    history = field_history()

    class Meta:
        default_permissions = ("view",)
        permissions = [("manage_items", "Can add items")]
        ordering = ("sku",)
        constraints = [
            models.CheckConstraint(name="inventory_item_is_named", condition=~Q(sku="") & ~Q(name="")),
        ]

    def __str__(self) -> str:
        return f"{self.sku} {self.name}"


class Stock(models.Model):
    """The stock of an item: the sum of its movements, maintained by a trigger. The runtime cannot write it; it
    inserts movements.

    reserved  the part of `on_hand` that is reserved
    """

    item = models.OneToOneField(Item, on_delete=models.PROTECT, related_name="stock", primary_key=True)
    on_hand = models.BigIntegerField(default=0, db_default=0)
    reserved = models.BigIntegerField(default=0, db_default=0)

    class Meta:
        verbose_name_plural = _("stock")
        default_permissions = ("view",)
        constraints = [
            models.CheckConstraint(
                name="inventory_stock_covers_reservations",
                condition=Q(reserved__gte=0, reserved__lte=F("on_hand")),
            ),
        ]

    def __str__(self) -> str:
        return gettext("{on_hand} on hand, {reserved} reserved").format(
            on_hand=self.on_hand, reserved=self.reserved
        )

    @property
    def available(self) -> int:
        return self.on_hand - self.reserved


class Reservation(Tracked):
    """Goods reserved for `reference`, such as "order:12", until they are released or shipped."""

    class State(models.TextChoices):
        RESERVED = "reserved", _("Reserved")
        RELEASED = "released", _("Released")
        FULFILLED = "fulfilled", _("Fulfilled")

    TRANSITIONS: ClassVar = frozenset({(State.RESERVED, State.RELEASED), (State.RESERVED, State.FULFILLED)})

    reference = models.CharField(max_length=120, unique=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.RESERVED)
    made_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        default_permissions = ("view",)
        permissions = [("reserve_stock", "Can reserve, release and ship stock")]
        constraints = [
            models.CheckConstraint(
                name="inventory_reservation_is_settled_once",
                condition=Q(state="reserved", settled_at=None)
                | Q(state__regex="^(released|fulfilled)$", settled_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return gettext("the goods for {reference}").format(reference=self.reference)


class ReservationLine(Tracked):
    """A reserved quantity of one item."""

    reservation = models.ForeignKey(
        Reservation, on_delete=models.PROTECT, related_name="lines", db_index=False
    )
    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="+")
    quantity = models.BigIntegerField()

    class Meta:
        default_permissions = ("view",)
        ordering = ("item",)
        constraints = [
            models.UniqueConstraint(name="inventory_reserved_item_once", fields=["reservation", "item"]),
            models.CheckConstraint(name="inventory_reserved_line_is_positive", condition=Q(quantity__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} × {self.item.sku}"


class StockMove(Tracked):
    """One change of an item's stock. Never changes.

    on_hand, reserved  the change of each; negative for a decrease
    """

    class Kind(models.TextChoices):
        RECEIVED = "received", _("Received")
        COUNTED = "counted", _("Counted")
        RESERVED = "reserved", _("Reserved")
        RELEASED = "released", _("Released")
        FULFILLED = "fulfilled", _("Shipped")

    item = models.ForeignKey(Item, on_delete=models.PROTECT, related_name="moves")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    on_hand = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    reservation = models.ForeignKey(Reservation, null=True, on_delete=models.PROTECT, related_name="moves")
    reference = models.CharField(max_length=120, blank=True)
    reason = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ("view",)
        permissions = [("move_stock", "Can receive and count stock")]
        ordering = ("id",)
        constraints = [
            models.UniqueConstraint(
                name="inventory_move_once_for_reservation", fields=["reservation", "item", "kind"]
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display().lower()} {self.on_hand or self.reserved:+}"
