"""Personal data in inventory."""

from apps.kernel.pii import REFERENCE, TEXT, declare_pii

declare_pii("inventory.Reservation", reference=REFERENCE, reason=TEXT)
declare_pii("inventory.StockMove", reference=REFERENCE, reason=TEXT)
