from apps.bus.api.serializers import ReadSerializer
from apps.sagas.models import LogEntry, Run


class LogEntrySerializer(ReadSerializer):
    class Meta:
        model = LogEntry
        fields = ("at", "kind", "step", "direction", "attempt", "detail", "actor_name")


class RunSerializer(ReadSerializer):
    class Meta:
        model = Run
        fields: tuple[str, ...] = (
            "id",
            "saga",
            "subject",
            "run_number",
            "state",
            "direction",
            "step",
            "stage",
            "completed_steps",
            "progress",
            "attempts",
            "next_at",
            "deadline_at",
            "last_error",
            "correlation_id",
            "begun_at",
            "finished_at",
        )


class RunDetailSerializer(RunSerializer):
    """A run with its log."""

    log_entries = LogEntrySerializer(many=True)

    class Meta(RunSerializer.Meta):
        fields: tuple[str, ...] = (*RunSerializer.Meta.fields, "log_entries")
