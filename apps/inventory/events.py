"""Events of inventory. `reference` identifies the purpose of the goods, such as "order:12"."""

from dataclasses import dataclass

from apps.events import Event


@dataclass(frozen=True, kw_only=True)
class StockReserved(Event):
    """Goods were reserved."""

    name = "stock.reserved"

    reservation_id: int
    reference: str

    @property
    def aggregate(self) -> str:
        return f"reservation:{self.reservation_id}"


@dataclass(frozen=True, kw_only=True)
class StockReleased(Event):
    """Reserved goods are available again."""

    name = "stock.released"

    reservation_id: int
    reference: str

    @property
    def aggregate(self) -> str:
        return f"reservation:{self.reservation_id}"


@dataclass(frozen=True, kw_only=True)
class StockDelivered(Event):
    """Reserved goods were shipped."""

    name = "stock.delivered"

    reservation_id: int
    reference: str

    @property
    def aggregate(self) -> str:
        return f"reservation:{self.reservation_id}"
