from typing import Any

from rest_framework import serializers

from apps.audit.export import SUMMARY
from apps.audit.field_versions import KINDS
from apps.audit.models import Record
from apps.bus.api.fields import Instant, WholeNumber
from apps.bus.api.serializers import ReadSerializer


class RecordSerializer(ReadSerializer):
    """One line of the audit log."""

    class Meta:
        model = Record
        fields: tuple[str, ...] = SUMMARY


class RecordWithDetails(RecordSerializer):
    """With its request, changes and refusals, and the template of its sentence with arguments."""

    arguments = serializers.DictField(source="sentence_arguments", read_only=True)

    class Meta(RecordSerializer.Meta):
        fields = (*RecordSerializer.Meta.fields, "template", "arguments", "request", "changes", "refusals")


class SealSerializer(serializers.Serializer[Any]):
    """The head of the chain, the number of unsealed records, and the last verification."""

    segment = WholeNumber()
    hash = serializers.CharField()
    sealed_at = Instant(allow_null=True)
    records = WholeNumber()
    waiting = WholeNumber()
    verified_at = Instant(allow_null=True)
    intact = serializers.BooleanField(allow_null=True)


class ValueSerializer(serializers.Serializer[Any]):
    """A value as text. A row with a field history is identified by `subject_type` and `subject_id`."""

    text = serializers.CharField()
    subject_type = serializers.CharField()
    subject_id = serializers.CharField()


class FieldChangeSerializer(serializers.Serializer[Any]):
    """Of a relation to many rows, `before` lists the removed rows and `after` the added ones."""

    field = serializers.CharField()
    before = ValueSerializer(many=True)
    after = ValueSerializer(many=True)


class VersionSerializer(serializers.Serializer[Any]):
    """A version of a row of master data, and the fields that it changed."""

    kind = serializers.ChoiceField(choices=[*KINDS.values()])
    at = Instant()
    actor_name = serializers.CharField()
    impersonator_name = serializers.CharField()
    reason = serializers.CharField()
    correlation_id = serializers.CharField()
    changes = FieldChangeSerializer(many=True)
