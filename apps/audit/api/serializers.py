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
            "impersonator_name",
            "reason",
            "subject_type",
            "subject_id",
            "correlation_id",
            "causation_id",
            "retention",
        )


class RecordWithDetails(RecordSerializer):
    """With its request, changes and refusals, and the template of its sentence with arguments."""

    arguments = serializers.DictField(source="sentence_arguments", read_only=True)

    class Meta(RecordSerializer.Meta):
        fields = (*RecordSerializer.Meta.fields, "template", "arguments", "request", "changes", "refusals")


class SealSerializer(serializers.Serializer[Any]):
    """The head of the chain, the number of unsealed records, and the last verification."""

    segment = serializers.IntegerField()
    hash = serializers.CharField()
    sealed_at = serializers.DateTimeField(allow_null=True)
    records = serializers.IntegerField()
    waiting = serializers.IntegerField()
    verified_at = serializers.DateTimeField(allow_null=True)
    intact = serializers.BooleanField(allow_null=True)
