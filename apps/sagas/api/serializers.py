from apps.bus.api.serializers import ReadSerializer
from apps.sagas.models import Happening, Run


class HappeningSerializer(ReadSerializer):
    class Meta:
        model = Happening
        fields = ("at", "what", "step", "direction", "attempt", "detail", "actor_name")


class RunSerializer(ReadSerializer):
    class Meta:
        model = Run
        fields = (
            "id",
            "saga",
            "subject",
            "turn",
            "state",
            "direction",
            "step",
            "stage",
            "done",
            "progress",
            "attempts",
            "due_at",
            "deadline_at",
            "last_error",
            "correlation_id",
            "begun_at",
            "ended_at",
        )


class RunStorySerializer(RunSerializer):
    """A run with everything that happened on its way."""

    happenings = HappeningSerializer(many=True)

    class Meta(RunSerializer.Meta):
        fields = (*RunSerializer.Meta.fields, "happenings")  # type: ignore[assignment]
