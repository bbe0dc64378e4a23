from __future__ import annotations

from rest_framework import serializers

from apps.bus.api.serializers import ReadSerializer
from apps.jobs import queries, results
from apps.jobs.models import Run


class JobSerializer(ReadSerializer):
    """A job, with the items of its stage. `download` is an expiring link to the result, for callers with the permission
    of the job."""

    download = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = (
            "id",
            "job",
            "parameters",
            "state",
            "stage",
            "items_done",
            "items_total",
            "attempts",
            "last_error",
            "actor_id",
            "actor_name",
            "created_at",
            "finished_at",
            "correlation_id",
            "download",
        )

    def get_download(self, run: Run) -> str | None:
        request = self.context.get("request")
        if request is None or not (run.has_result and queries.may_read_result(request.user, run)):
            return None
        return results.link(run)
