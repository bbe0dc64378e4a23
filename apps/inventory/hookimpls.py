"""Personal data in inventory."""

from apps.kernel.pii import TEXT, declare_pii

declare_pii("inventory.Reservation", reason=TEXT)
declare_pii("inventory.StockMove", reason=TEXT)
