from typing import Any

from rest_framework import serializers

from apps.audit.api.activity import FiguresSerializer
from apps.bus.api.fields import Instant, WholeNumber
from apps.bus.api.serializers import ReadSerializer
from apps.events.models import Delivery


class DeliverySerializer(ReadSerializer):
    """One event for one subscriber."""

    event_name = serializers.CharField(source="event.name")
    correlation_id = serializers.CharField(source="event.correlation_id")
    occurred_at = Instant(source="event.occurred_at")

    class Meta:
        model = Delivery
        fields = (
            "id",
            "event",
            "event_name",
            "subscriber",
            "tenant_id",
            "aggregate",
            "status",
            "attempts",
            "occurred_at",
            "next_at",
            "finished_at",
            "last_error",
            "correlation_id",
        )


class SubscriberSerializer(serializers.Serializer[Any]):
    """The state of a subscriber. `paused` is the reason of a pause, or empty."""

    name = serializers.CharField()
    subscribes = serializers.CharField()
    queue = serializers.CharField()
    paused = serializers.CharField(allow_blank=True)
    pending = WholeNumber()
    oldest_at = Instant(allow_null=True)
    dead = WholeNumber()


class TenantFiguresSerializer(FiguresSerializer):
    """The commands of a module at a tenant."""

    tenant = serializers.CharField(allow_blank=True)


class CountSerializer(serializers.Serializer[Any]):
    """The number of deliveries."""

    count = WholeNumber(source="*")
