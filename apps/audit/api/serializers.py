from typing import Any

from rest_framework import serializers

from apps.audit.models import Record
from apps.bus.api.serializers import ReadSerializer


class RecordSerializer(ReadSerializer):
    """One line of the audit log."""

    class Meta:
        model = Record
        fields: tuple[str, ...] = (
            "id",
            "at",
            "command",
            "outcome",
            "sentence",
            "actor_id",
            "actor_name",
            "real_actor_name",
            "reason",
            "subject_type",
            "subject_id",
            "correlation_id",
            "causation_id",
            "retention",
        )


class RecordWithDetails(RecordSerializer):
    """With what was asked, what it changed and why it was refused."""

    class Meta(RecordSerializer.Meta):
        fields = (*RecordSerializer.Meta.fields, "request", "changes", "refusals")


class SealSerializer(serializers.Serializer[Any]):
    """The head of the chain, what waits to be sealed, and what the last look found."""

    segment = serializers.IntegerField()
    hash = serializers.CharField()
    sealed_at = serializers.DateTimeField(allow_null=True)
    records = serializers.IntegerField()
    waiting = serializers.IntegerField()
    verified_at = serializers.DateTimeField(allow_null=True)
    intact = serializers.BooleanField(allow_null=True)
