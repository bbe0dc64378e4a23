"""What inventory refuses. The codes BI001… are the database's own words for the same rules (migration 0002)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from apps.kernel.errors import Conflict, Invalid, NotFound, Refusal


class InventoryRefusal(Refusal):
    """The family of inventory."""


class ItemUnknown(InventoryRefusal, NotFound):
    message = "There is no item {item!r}."


class SkuTaken(InventoryRefusal, Conflict):
    message = "There is already an item {sku}."
    enforced_by = ("inventory_item_sku_key",)


class ItemNameMissing(InventoryRefusal, Invalid):
    message = "An item needs a stock-keeping code and a name."
    enforced_by = ("inventory_item_is_named",)


class QuantityNotPositive(InventoryRefusal, Invalid):
    message = "{quantity} is not a quantity: write a whole number above zero."
    enforced_by = ("inventory_reserved_line_is_positive",)


class CountNegative(InventoryRefusal, Invalid):
    message = "Nobody can count {quantity}."


class CountBelowReserved(InventoryRefusal, Conflict):
    message = "{reserved} of {sku} are reserved: release some before counting {quantity}."


class NothingToReserve(InventoryRefusal, Invalid):
    message = "A reservation names one item or more."


class ItemDuplicated(InventoryRefusal, Invalid):
    message = "{sku} is named more than once: add its quantities up."
    enforced_by = ("inventory_reserved_item_once",)


@dataclass(frozen=True)
class Shortage:
    """An item of which less is free than is wanted."""

    sku: str
    wanted: int
    free: int

    def __str__(self) -> str:
        return f"{self.wanted} of {self.sku} are wanted and {self.free} are free"


class InsufficientStock(InventoryRefusal, Conflict):
    """Every short item is in `items`, and in the sentence."""

    message = "There is not enough in stock: {shortage}."

    def __init__(self, short: Sequence[Shortage]) -> None:
        super().__init__(
            shortage="; ".join(str(each) for each in short),
            items=[{"sku": each.sku, "wanted": each.wanted, "free": each.free} for each in short],
        )


class StockWouldBeNegative(InventoryRefusal, Conflict):
    """What the database says when a move asks for more than is there."""

    message = "There is not enough in stock for this."
    enforced_by = ("inventory_stock_covers_reservations",)


class ReferenceMissing(InventoryRefusal, Invalid):
    message = "A reservation says what it is for."


class ReservationUnknown(InventoryRefusal, NotFound):
    message = "There is no reservation {reservation_id}."


class ReservationDiffers(InventoryRefusal, Conflict):
    message = "There is already a reservation for {reference}, of other items or quantities."
    enforced_by = ("inventory_reservation_reference_key",)


class ReservationIsReleased(InventoryRefusal, Conflict):
    message = "The reservation for {reference} was released."


class ReservationIsFulfilled(InventoryRefusal, Conflict):
    message = "The reservation for {reference} is fulfilled: its goods have left."


class ReservationIsSettled(InventoryRefusal, Conflict):
    """What the database says when somebody would move a reservation that is released or fulfilled."""

    message = "The reservation for {reference} is {state} and stays so."
    enforced_by = ("BI001",)


class ReasonMissing(InventoryRefusal, Invalid):
    message = "A reason is needed."
