"""Queries of inventory."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import F, Sum
from django.utils.translation import gettext

from .models import Item, Reservation, ReservationLine, Stock, StockMove


@dataclass(frozen=True)
class Difference:
    """A disagreement between two records of the same fact."""

    subject: str
    actual: str
    expected: str

    def __str__(self) -> str:
        return gettext("{subject} is {actual} and should be {expected}").format(
            subject=self.subject, actual=self.actual, expected=self.expected
        )


def reservation_for(reference: str) -> Reservation | None:
    """The reservation, with its lines and items prefetched."""
    return Reservation.objects.prefetch_related("lines__item").filter(reference=reference).first()


def names_of(skus: list[str]) -> dict[str, str]:
    """Names by code, of the items that exist."""
    return dict(Item.objects.filter(sku__in=skus).values_list("sku", "name"))


def short_items() -> int:
    """The number of items of which none is available."""
    return Stock.objects.filter(on_hand__lte=F("reserved")).count()


def reconcile() -> list[Difference]:
    """Every disagreement between stock, movements and reservations; an empty list means that all agree."""
    return [*_stock_and_movements(), *_stock_and_reservations(), *_reservations_and_movements()]


def _stock_and_movements() -> list[Difference]:
    moved = {
        row["item_id"]: (row["total_on_hand"], row["total_reserved"])
        for row in StockMove.objects.order_by()
        .values("item_id")
        .annotate(total_on_hand=Sum("on_hand"), total_reserved=Sum("reserved"))
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


def _stock_and_reservations() -> list[Difference]:
    lines = ReservationLine.objects.filter(reservation__state=Reservation.State.RESERVED)
    reserved = dict(lines.order_by().values_list("item_id").annotate(Sum("quantity")))
    return [
        Difference(f"reserved of {stock.item.sku}", str(stock.reserved), str(reserved.get(stock.pk, 0)))
        for stock in Stock.objects.select_related("item").order_by("item_id")
        if stock.reserved != reserved.get(stock.pk, 0)
    ]


def _reservations_and_movements() -> list[Difference]:
    """The movements of a reservation must sum up to its lines: reserved, released (zero) or shipped."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT reservation.reference, item.sku, reservation.state, coalesce(sum(move.reserved), 0),"
            " coalesce(sum(move.on_hand), 0),"
            " CASE reservation.state WHEN 'reserved' THEN line.quantity ELSE 0 END,"
            " CASE reservation.state WHEN 'fulfilled' THEN -line.quantity ELSE 0 END"
            " FROM inventory_reservation AS reservation"
            " JOIN inventory_reservationline AS line ON line.reservation_id = reservation.id"
            " JOIN inventory_item AS item ON item.id = line.item_id"
            " LEFT JOIN inventory_stockmove AS move"
            "  ON move.reservation_id = reservation.id AND move.item_id = line.item_id"
            " GROUP BY reservation.id, item.sku, line.id ORDER BY reservation.id, item.sku"
        )
        return [
            Difference(
                f"{reference}, {sku}, {state}", f"{(int(reserved), int(on_hand))}", f"{tuple(expected)}"
            )
            for reference, sku, state, reserved, on_hand, *expected in cursor.fetchall()
            if (reserved, on_hand) != tuple(expected)
        ]
