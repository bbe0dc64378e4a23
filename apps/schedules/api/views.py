from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.schedules.commands import CancelScheduledCommand, RescheduleCommand, ScheduleCommand
from apps.schedules.models import ScheduledCommand
from apps.schedules.module import VIEW

from .serializers import ScheduledCommandSerializer


class ScheduledCommandFilter(Filters):
    class Meta:
        model = ScheduledCommand
        fields = ("state", "command")


class ScheduledCommands(ListEndpoint, CommandEndpoint):
    """The scheduled commands with their outcome, newest first."""

    permission = VIEW
    queryset = ScheduledCommand.objects.all()
    serializer_class = ScheduledCommandSerializer
    filterset_class = ScheduledCommandFilter
    command, result = ScheduleCommand, ScheduledCommandSerializer


class OneScheduledCommand(DetailEndpoint):
    """One scheduled command."""

    permission = VIEW
    queryset = ScheduledCommand.objects.all()
    serializer_class = ScheduledCommandSerializer
    lookup_url_kwarg = "scheduled_command_id"


class RescheduleOneCommand(CommandEndpoint):
    command, result, status = RescheduleCommand, ScheduledCommandSerializer, 200
    server_fields = ("scheduled_command_id",)


class CancelOneScheduledCommand(CommandEndpoint):
    command, result, status = CancelScheduledCommand, ScheduledCommandSerializer, 200
    server_fields = ("scheduled_command_id",)
