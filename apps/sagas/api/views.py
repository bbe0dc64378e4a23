from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.sagas.commands import RetrySaga, SkipSagaStep, TurnSagaBack
from apps.sagas.models import Run

from .serializers import RunSerializer, RunStorySerializer


class RunFilter(Filters):
    class Meta:
        model = Run
        fields = ("saga", "subject", "state")


class Runs(ListEndpoint):
    """The journeys of this tenant, newest first."""

    permission = "sagas.view_run"
    queryset = Run.objects.all()
    serializer_class = RunSerializer
    filterset_class = RunFilter


class OneRun(DetailEndpoint):
    """A journey with everything that happened on its way."""

    permission = "sagas.view_run"
    queryset = Run.objects.prefetch_related("happenings")
    serializer_class = RunStorySerializer
    lookup_url_kwarg = "run_id"


class Retry(CommandEndpoint):
    command, result, status = RetrySaga, RunSerializer, 200
    server_fields = ("run_id",)


class Skip(CommandEndpoint):
    command, result, status = SkipSagaStep, RunSerializer, 200
    server_fields = ("run_id",)


class TurnBack(CommandEndpoint):
    command, result, status = TurnSagaBack, RunSerializer, 200
    server_fields = ("run_id",)
