"""Refusals of inventory. The SQLSTATEs BI001… are raised by the database for the same rules (migration 0002)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.kernel.errors import Conflict, Invalid, NotFound
from apps.kernel.reasons import ReasonRequired


class ItemUnknown(NotFound):
    message = _("There is no item {item!r}.")


class SkuTaken(Conflict):
    message = _("There is already an item {sku}.")
    enforced_by = ("inventory_item_sku_key", "inventory_item_sku_in_any_case")


class ItemNameMissing(Invalid):
    message = _("An item needs a stock-keeping code and a name.")
    enforced_by = ("inventory_item_is_named",)


class UnitMissing(Invalid):
    message = _("An item needs a unit, such as piece.")


class ItemAlreadyInactive(Conflict):
    message = _("Item {item} is inactive already.")


class ItemIsActive(Conflict):
    message = _("Item {item} is active.")


class QuantityNotPositive(Invalid):
    message = _("{quantity} is not a quantity: write a whole number above zero.")
    enforced_by = ("inventory_reserved_line_is_positive",)


class CountNegative(Invalid):
    message = _("A count of {quantity} is below zero.")


class CountBelowReserved(Conflict):
    message = _("{reserved} of {sku} are reserved: release some before counting {quantity}.")


class ReservationIsEmpty(Invalid):
    message = _("A reservation needs at least one item.")


class ItemDuplicated(Invalid):
    message = _("{sku} is on more than one line: combine them into one.")
    enforced_by = ("inventory_reserved_item_once",)


@dataclass(frozen=True)
class Shortage:
    """An item with less available than required."""

    sku: str
    required: int
    available: int

    def __str__(self) -> str:
        return gettext("{sku}: {required} required, {available} available").format(
            sku=self.sku, required=self.required, available=self.available
        )


class InsufficientStock(Conflict):
    """`items` lists every item that is short."""

    message = _("There is not enough in stock: {shortage}.")

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        super().__init__(
            shortage="; ".join(str(shortage) for shortage in shortages),
            items=[
                {"sku": shortage.sku, "required": shortage.required, "available": shortage.available}
                for shortage in shortages
            ],
        )


class StockWouldBeNegative(Conflict):
    """Raised by the database on a stock movement that exceeds the stock."""

    message = _("There is not enough in stock for this.")
    enforced_by = ("inventory_stock_covers_reservations",)


class ReferenceMissing(Invalid):
    message = _("A reservation needs a reference.")


class ReservationUnknown(NotFound):
    message = _("There is no reservation {reservation_id}.")


class ReservationDiffers(Conflict):
    message = _("There is already a reservation for {reference}, of other items or quantities.")
    enforced_by = ("inventory_reservation_reference_key",)


class ReservationIsReleased(Conflict):
    message = _("The reservation for {reference} was released.")


class ReservationIsFulfilled(Conflict):
    message = _("The reservation for {reference} is fulfilled: its goods were shipped.")


class ReservationIsSettled(Conflict):
    """Raised by the database on a change to a released or fulfilled reservation."""

    message = _("The reservation for {reference} is {state} and cannot change.")
    enforced_by = ("BI001",)


class ReasonMissing(ReasonRequired):
    """For an adjustment of stock, the release of a reservation, and the deactivation of an item."""
