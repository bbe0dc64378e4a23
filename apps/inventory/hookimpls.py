"""Where people write freely of stock."""

from apps.kernel.personal import TEXT, personal

personal("inventory.Reservation", reason=TEXT)
personal("inventory.StockMove", reason=TEXT)
