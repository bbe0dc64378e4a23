from apps.bus.api.edits import EditEndpoint
from apps.bus.api.filters import CharFilter, Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.inventory.commands import (
    AddItem,
    ChangeItem,
    CountStock,
    DeactivateItem,
    FulfilReservation,
    ReactivateItem,
    ReceiveStock,
    ReleaseStock,
    ReserveStock,
)
from apps.inventory.models import Item, Reservation, StockMove
from apps.inventory.search import ITEMS

from .serializers import ItemSerializer, ReservationSerializer, StockMoveSerializer


class ItemFilter(Filters):
    class Meta:
        model = Item
        fields = ("sku", "is_active")


class MoveFilter(Filters):
    sku = CharFilter("item__sku")

    class Meta:
        model = StockMove
        fields = ("kind", "reference")


class ReservationFilter(Filters):
    class Meta:
        model = Reservation
        fields = ("reference", "state")


class Items(ListEndpoint, CommandEndpoint):
    """All items with their stock, by code."""

    permission = "inventory.view_item"
    queryset = Item.objects.select_related("stock")
    serializer_class = ItemSerializer
    filterset_class = ItemFilter
    search = ITEMS
    ordering = ("sku",)
    command, result = AddItem, ItemSerializer


class OneItem(EditEndpoint):
    """An item with its stock."""

    permission = "inventory.view_item"
    queryset = Item.objects.select_related("stock")
    serializer_class = ItemSerializer
    lookup_url_kwarg = "item_id"
    command, result = ChangeItem, ItemSerializer
    server_fields = ("item_id",)


class DeactivateOneItem(CommandEndpoint):
    command, result, status = DeactivateItem, ItemSerializer, 200
    server_fields = ("item_id",)


class ReactivateOneItem(CommandEndpoint):
    command, result, status = ReactivateItem, ItemSerializer, 200
    server_fields = ("item_id",)


class Receipts(CommandEndpoint):
    command, result = ReceiveStock, StockMoveSerializer


class Counts(CommandEndpoint):
    command, result = CountStock, StockMoveSerializer


class Moves(ListEndpoint):
    """All stock movements, the latest first."""

    permission = "inventory.view_stockmove"
    queryset = StockMove.objects.select_related("item")
    serializer_class = StockMoveSerializer
    filterset_class = MoveFilter


class Reservations(ListEndpoint, CommandEndpoint):
    """All reservations, the latest first."""

    permission = "inventory.view_reservation"
    queryset = Reservation.objects.prefetch_related("lines__item")
    serializer_class = ReservationSerializer
    filterset_class = ReservationFilter
    command, result = ReserveStock, ReservationSerializer


class OneReservation(DetailEndpoint):
    """A reservation with its lines."""

    permission = "inventory.view_reservation"
    queryset = Reservation.objects.prefetch_related("lines__item")
    serializer_class = ReservationSerializer
    lookup_url_kwarg = "reservation_id"


class ReleaseOne(CommandEndpoint):
    command, result, status = ReleaseStock, ReservationSerializer, 200
    server_fields = ("reservation_id",)


class FulfilOne(CommandEndpoint):
    command, result, status = FulfilReservation, ReservationSerializer, 200
    server_fields = ("reservation_id",)
