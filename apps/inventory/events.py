"""What has happened in inventory. `reference` is what the goods are for, such as "order:12"."""

from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class StockReserved(Event):
    """Goods are held."""

    name = "stock.reserved"

    reservation_id: int
    reference: str

    @property
    def aggregate(self) -> str:
        return f"reservation:{self.reservation_id}"


@dataclass(frozen=True, kw_only=True)
class StockReleased(Event):
    """Goods that were held are free again."""

    name = "stock.released"

    reservation_id: int
    reference: str

    @property
    def aggregate(self) -> str:
        return f"reservation:{self.reservation_id}"


@dataclass(frozen=True, kw_only=True)
class StockDelivered(Event):
    """Goods that were held have left."""

    name = "stock.delivered"

    reservation_id: int
    reference: str

    @property
    def aggregate(self) -> str:
        return f"reservation:{self.reservation_id}"
