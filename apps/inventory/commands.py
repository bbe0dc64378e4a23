"""What inventory can be asked. Quantities are whole numbers of the item's unit."""

from __future__ import annotations

from dataclasses import dataclass

from apps.bus import Command


@dataclass(frozen=True)
class ItemQuantity:
    """So many of one item, by its stock-keeping code."""

    sku: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class AddItem(Command):
    """Add something that is kept in stock. It begins with none on hand."""

    permission = "inventory.manage_items"
    audit_message = "added the item {result}"

    sku: str
    name: str
    unit: str = "piece"


@dataclass(frozen=True, kw_only=True)
class ReceiveStock(Command):
    """Take goods into stock. `reference` is the supplier's note, or whatever they can be found by."""

    permission = "inventory.move_stock"
    audit_message = "received {quantity} of {sku}"

    sku: str
    quantity: int
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class CountStock(Command):
    """Set what is on hand to what was counted. The difference is kept as a move, with the reason."""

    permission = "inventory.move_stock"
    audit_message = "counted {quantity} of {sku}"

    sku: str
    quantity: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReserveStock(Command):
    """Hold goods for something, such as an order: all of them, or none. Asked again for the same, it answers with
    the reservation that is there."""

    permission = "inventory.reserve_stock"
    audit_message = "reserved {result}"
    queue = "financial"

    reference: str
    lines: tuple[ItemQuantity, ...]


@dataclass(frozen=True, kw_only=True)
class ReleaseStock(Command):
    """Let go of goods that were held. Done again, it changes nothing."""

    permission = "inventory.reserve_stock"
    audit_message = "released {result}"
    queue = "financial"

    reservation_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class FulfilReservation(Command):
    """Hand out goods that were held: they leave the stock. Done again, it changes nothing."""

    permission = "inventory.reserve_stock"
    audit_message = "shipped {result}"
    queue = "financial"

    reservation_id: int
