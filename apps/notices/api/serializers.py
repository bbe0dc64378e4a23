from rest_framework import serializers

from apps.bus.api.serializers import ReadSerializer
from apps.notices.models import Copy, Notice, Target

NOTICE: tuple[str, ...] = ("id", "kind", "subject", "to", "created_at", "correlation_id")


class NoticeSerializer(ReadSerializer):
    class Meta:
        model = Notice
        fields = NOTICE


class CopySerializer(ReadSerializer):
    """What came of it for one receiver: an address, or the name of a chat."""

    receiver = serializers.CharField()

    class Meta:
        model = Copy
        fields = ("id", "channel", "receiver", "state", "attempts", "next_at", "last_outcome", "done_at")


class NoticeWithCopiesSerializer(NoticeSerializer):
    copies = CopySerializer(many=True)

    class Meta:
        model = Notice
        fields = (*NOTICE, "text", "copies")


class TargetSerializer(ReadSerializer):
    """Of its address no more is shown than the service and its host."""

    class Meta:
        model = Target
        fields = ("id", "name", "shown", "kinds", "created_at", "removed_at", "tried_at", "last_outcome")
