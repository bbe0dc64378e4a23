from __future__ import annotations

from rest_framework import serializers

from apps.bus.api.fields import WholeNumber
from apps.bus.api.serializers import ReadSerializer
from apps.inventory.models import Item, Reservation, ReservationLine, StockMove


class ItemSerializer(ReadSerializer):
    """An item with its stock: `available` is `on_hand` minus `reserved`."""

    on_hand = WholeNumber(source="stock.on_hand", read_only=True)
    reserved = WholeNumber(source="stock.reserved", read_only=True)
    available = WholeNumber(source="stock.available", read_only=True)

    class Meta:
        model = Item
        fields = ("id", "sku", "name", "unit", "is_active", "on_hand", "reserved", "available")


class StockMoveSerializer(ReadSerializer):
    """A stock movement: the change of `on_hand` and of `reserved`, negative for a decrease."""

    sku = serializers.CharField(source="item.sku", read_only=True)

    class Meta:
        model = StockMove
        fields = ("id", "at", "sku", "kind", "on_hand", "reserved", "reservation", "reference", "reason")


class ReservationLineSerializer(ReadSerializer):
    sku = serializers.CharField(source="item.sku", read_only=True)

    class Meta:
        model = ReservationLine
        fields = ("sku", "quantity")


class ReservationSerializer(ReadSerializer):
    lines = ReservationLineSerializer(many=True, read_only=True)

    class Meta:
        model = Reservation
        fields = ("id", "reference", "state", "made_at", "settled_at", "reason", "lines")
