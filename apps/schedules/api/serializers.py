from apps.bus.api.serializers import ReadSerializer
from apps.schedules.models import ScheduledCommand


class ScheduledCommandSerializer(ReadSerializer):
    """A scheduled command; `last_error` is the refusal, or the error of the last attempt."""

    class Meta:
        model = ScheduledCommand
        fields = (
            "id",
            "command",
            "arguments",
            "local_time",
            "time_zone",
            "due_at",
            "reason",
            "state",
            "attempts",
            "last_error",
            "actor_id",
            "actor_name",
            "created_at",
            "finished_at",
            "correlation_id",
        )
