from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.sagas.commands import CompensateSaga, RetrySaga, SkipSagaStep
from apps.sagas.models import Run

from .serializers import RunDetailSerializer, RunSerializer


class RunFilter(Filters):
    class Meta:
        model = Run
        fields = ("saga", "subject", "state")


class Runs(ListEndpoint):
    """The saga runs of this tenant, newest first."""

    permission = "sagas.view_run"
    queryset = Run.objects.all()
    serializer_class = RunSerializer
    filterset_class = RunFilter


class OneRun(DetailEndpoint):
    """A saga run with its log."""

    permission = "sagas.view_run"
    queryset = Run.objects.prefetch_related("log_entries")
    serializer_class = RunDetailSerializer
    lookup_url_kwarg = "run_id"


class Retry(CommandEndpoint):
    command, result, status = RetrySaga, RunSerializer, 200
    server_fields = ("run_id",)


class Skip(CommandEndpoint):
    command, result, status = SkipSagaStep, RunSerializer, 200
    server_fields = ("run_id",)


class Compensate(CommandEndpoint):
    command, result, status = CompensateSaga, RunSerializer, 200
    server_fields = ("run_id",)
