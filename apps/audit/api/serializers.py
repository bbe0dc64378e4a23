from apps.audit.models import Record
from apps.bus.api.serializers import Shown


class RecordSerializer(Shown):
    """One line of the trail."""

    class Meta:
        model = Record
        fields: tuple[str, ...] = (
            "id",
            "at",
            "command",
            "outcome",
            "sentence",
            "actor_name",
            "real_actor_name",
            "reason",
            "subject_type",
            "subject_id",
            "correlation_id",
            "causation_id",
        )


class RecordWithDetails(RecordSerializer):
    """With what was asked, what it changed and why it was refused."""

    class Meta(RecordSerializer.Meta):
        fields = (*RecordSerializer.Meta.fields, "request", "changes", "refusals")
