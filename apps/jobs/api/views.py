from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.jobs.commands import CancelJob, RetryJob
from apps.jobs.models import Run
from apps.jobs.module import VIEW

from .serializers import JobSerializer


class JobFilter(Filters):
    class Meta:
        model = Run
        fields = ("state", "job")


class Jobs(ListEndpoint):
    """The jobs with their progress, newest first. A job is started by a command of its app."""

    permission = VIEW
    queryset = Run.objects.all()
    serializer_class = JobSerializer
    filterset_class = JobFilter


class OneJob(DetailEndpoint):
    """A job, its progress, and the link to its result."""

    permission = VIEW
    queryset = Run.objects.all()
    serializer_class = JobSerializer
    lookup_url_kwarg = "job_id"


class CancelOneJob(CommandEndpoint):
    command, result, status = CancelJob, JobSerializer, 200
    server_fields = ("job_id",)


class RetryOneJob(CommandEndpoint):
    command, result, status = RetryJob, JobSerializer, 202
    server_fields = ("job_id",)
