from __future__ import annotations

from rest_framework import serializers

from apps.bus.api.serializers import ReadSerializer
from apps.inventory.models import Item, Reservation, ReservationLine, StockMove


class ItemSerializer(ReadSerializer):
    """An item with its stock; `free` is on hand and not reserved."""

    on_hand = serializers.IntegerField(source="stock.on_hand", read_only=True)
    reserved = serializers.IntegerField(source="stock.reserved", read_only=True)
    free = serializers.IntegerField(source="stock.free", read_only=True)

    class Meta:
        model = Item
        fields = ("id", "sku", "name", "unit", "on_hand", "reserved", "free")


class StockMoveSerializer(ReadSerializer):
    """What was added to each; negative where something was taken away."""

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
