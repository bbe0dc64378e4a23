"""Questions about stock."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Sum

from .models import Item, Reservation, ReservationLine, Stock, StockMove


@dataclass(frozen=True)
class Difference:
    """Where two tellings of the same thing disagree: what of, and what each says."""

    what: str
    actual: str
    should_be: str

    def __str__(self) -> str:
        return f"{self.what} says {self.actual} and should be {self.should_be}"


def reservation_for(reference: str) -> Reservation | None:
    """With its lines and their items at hand."""
    return Reservation.objects.prefetch_related("lines__item").filter(reference=reference).first()


def names_of(skus: list[str]) -> dict[str, str]:
    """Item names by code; what is not there is left out."""
    return dict(Item.objects.filter(sku__in=skus).values_list("sku", "name"))


def short_items() -> int:
    """How many items have nothing free."""
    return Stock.objects.filter(on_hand__lte=F("reserved")).count()


def reconcile() -> list[Difference]:
    """Every disagreement between stock, its moves and the reservations that are held; none means all is well."""
    return [*_stock_and_moves(), *_reserved_and_held(), *_moves_of_reservations()]


def _stock_and_moves() -> list[Difference]:
    moved = {
        each["item_id"]: (each["hand"], each["held"])
        for each in StockMove.objects.order_by()
        .values("item_id")
        .annotate(hand=Sum("on_hand"), held=Sum("reserved"))
    }
    return [
        Difference(
            f"stock of {stock.item.sku}",
            f"{(stock.on_hand, stock.reserved)}",
            f"{moved.get(stock.pk, (0, 0))}",
        )
        for stock in Stock.objects.select_related("item").order_by("item_id")
        if (stock.on_hand, stock.reserved) != moved.get(stock.pk, (0, 0))
    ]


def _reserved_and_held() -> list[Difference]:
    lines = ReservationLine.objects.filter(reservation__state=Reservation.State.RESERVED)
    held = dict(lines.order_by().values_list("item_id").annotate(Sum("quantity")))
    return [
        Difference(f"reserved of {stock.item.sku}", str(stock.reserved), str(held.get(stock.pk, 0)))
        for stock in Stock.objects.select_related("item").order_by("item_id")
        if stock.reserved != held.get(stock.pk, 0)
    ]


def _moves_of_reservations() -> list[Difference]:
    """A held reservation has moved its lines in; a released one in and out again; a fulfilled one out of the stock."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT held.reference, item.sku, held.state, coalesce(sum(move.reserved), 0),"
            " coalesce(sum(move.on_hand), 0),"
            " CASE held.state WHEN 'reserved' THEN line.quantity ELSE 0 END,"
            " CASE held.state WHEN 'fulfilled' THEN -line.quantity ELSE 0 END"
            " FROM inventory_reservation AS held"
            " JOIN inventory_reservationline AS line ON line.reservation_id = held.id"
            " JOIN inventory_item AS item ON item.id = line.item_id"
            " LEFT JOIN inventory_stockmove AS move"
            "  ON move.reservation_id = held.id AND move.item_id = line.item_id"
            " GROUP BY held.id, item.sku, line.id ORDER BY held.id, item.sku"
        )
        return [
            Difference(f"{reference}, {sku}, {state}", f"{(int(held), int(out))}", f"{(right, gone)}")
            for reference, sku, state, held, out, right, gone in cursor.fetchall()
            if (held, out) != (right, gone)
        ]
