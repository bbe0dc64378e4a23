"""The commands of inventory. Quantities are whole numbers of the item's unit."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.utils.translation import gettext_noop

from apps.bus import Command
from apps.kernel.plain import printed


@dataclass(frozen=True)
class ItemQuantity:
    """A quantity of one item, by its stock-keeping code."""

    sku: str
    quantity: int


@dataclass(frozen=True, kw_only=True)
class AddItem(Command):
    """Add an item, with none on hand."""

    permission = "inventory.manage_items"
    audit_message = gettext_noop("added the item {result}")

    sku: str = field(metadata=printed)
    name: str = field(metadata=printed)
    unit: str = "piece"


@dataclass(frozen=True, kw_only=True)
class ChangeItem(Command):
    """Change the name or unit of an item. Orders and invoices keep the name that they state.

    A field that is null stays as it is."""

    permission = "inventory.manage_items"
    audit_message = gettext_noop("changed the item {result}")

    item_id: int
    name: str | None = field(default=None, metadata=printed)
    unit: str | None = None


@dataclass(frozen=True, kw_only=True)
class DeactivateItem(Command):
    """Sell no more of an item. Its stock remains, and goods of existing orders are shipped."""

    permission = "inventory.manage_items"
    schedulable = True
    audit_message = gettext_noop("deactivated the item {result}")

    item_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReactivateItem(Command):
    """Sell a deactivated item again."""

    permission = "inventory.manage_items"
    schedulable = True
    audit_message = gettext_noop("reactivated the item {result}")

    item_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReceiveStock(Command):
    """Receive goods into stock. The reference identifies the receipt, such as the supplier's delivery note."""

    permission = "inventory.move_stock"
    audit_message = gettext_noop("received {quantity} of {sku}")

    sku: str
    quantity: int
    reference: str = ""


@dataclass(frozen=True, kw_only=True)
class CountStock(Command):
    """Set the stock on hand to the counted quantity. The difference is recorded as a stock movement, with the
    reason."""

    permission = "inventory.move_stock"
    audit_message = gettext_noop("counted {quantity} of {sku}")

    sku: str
    quantity: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class ReserveStock(Command):
    """Reserve goods for a reference, such as an order: all of them, or none. Repeating the command returns the
    existing reservation."""

    permission = "inventory.reserve_stock"
    audit_message = gettext_noop("reserved {result}")
    queue = "financial"

    reference: str
    lines: tuple[ItemQuantity, ...]


@dataclass(frozen=True, kw_only=True)
class ReleaseStock(Command):
    """Release reserved goods. Repeating the command changes nothing."""

    permission = "inventory.reserve_stock"
    audit_message = gettext_noop("released {result}")
    queue = "financial"

    reservation_id: int
    reason: str


@dataclass(frozen=True, kw_only=True)
class FulfilReservation(Command):
    """Ship reserved goods: they leave the stock. Repeating the command changes nothing."""

    permission = "inventory.reserve_stock"
    audit_message = gettext_noop("shipped {result}")
    queue = "financial"

    reservation_id: int
