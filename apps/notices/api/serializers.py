from rest_framework import serializers

from apps.bus.api.serializers import ReadSerializer
from apps.notices.models import Notice, NoticeDelivery, NotificationChannel

NOTICE: tuple[str, ...] = ("id", "kind", "subject", "to", "created_at", "correlation_id")


class NoticeSerializer(ReadSerializer):
    class Meta:
        model = Notice
        fields = NOTICE


class NoticeDeliverySerializer(ReadSerializer):
    """The delivery to one recipient: an address, or the name of a channel."""

    recipient = serializers.CharField()

    class Meta:
        model = NoticeDelivery
        fields = (
            "id",
            "transport",
            "recipient",
            "state",
            "attempts",
            "next_at",
            "last_error",
            "finished_at",
        )


class NoticeWithDeliveriesSerializer(NoticeSerializer):
    deliveries = NoticeDeliverySerializer(many=True)

    class Meta:
        model = Notice
        fields = (*NOTICE, "text", "deliveries")


class NotificationChannelSerializer(ReadSerializer):
    """Its address is masked: only the service and the host are shown."""

    class Meta:
        model = NotificationChannel
        fields = (
            "id",
            "name",
            "masked_address",
            "kinds",
            "created_at",
            "removed_at",
            "tried_at",
            "last_outcome",
        )
