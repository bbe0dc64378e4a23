"""Kills of flags, their reviews and their ends."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.bus.api.fields import Measurement, WholeNumber
from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint, QueryEndpoint
from apps.flags import queries
from apps.flags.commands import KillFlag, ReviewKill, ReviveFlag
from apps.flags.models import Kill
from apps.flags.module import VIEW

from .serializers import KillSerializer


class KillFilter(Filters):
    class Meta:
        model = Kill
        fields = ("key",)


class Kills(ListEndpoint):
    """The kills, newest first, with those that ended."""

    permission = VIEW
    queryset = Kill.objects.all()
    serializer_class = KillSerializer
    filterset_class = KillFilter


class OneKill(DetailEndpoint):
    """One kill."""

    permission = VIEW
    queryset = Kill.objects.all()
    serializer_class = KillSerializer
    lookup_url_kwarg = "kill_id"


class KillOneFlag(CommandEndpoint):
    command, result = KillFlag, KillSerializer
    server_fields = ("key",)


class ReportedSerializer(serializers.Serializer[Any]):
    """Processes of a kind on a node that serve the change."""

    kind = serializers.CharField()
    node = serializers.CharField()
    processes = WholeNumber()


class MissingSerializer(serializers.Serializer[Any]):
    """A process that has not reported, and the seconds since its latest sign of life."""

    kind = serializers.CharField()
    node = serializers.CharField()
    pid = WholeNumber()
    silent_s = Measurement()


class ArrivalSerializer(serializers.Serializer[Any]):
    """`is_complete` only if every process serves the change; `is_known` is false while reports cannot be read."""

    epoch = WholeNumber()
    is_complete = serializers.BooleanField()
    is_known = serializers.BooleanField()
    reported = ReportedSerializer(many=True)
    late = ReportedSerializer(many=True)
    missing = MissingSerializer(many=True)


class ArrivalOfLatestChange(QueryEndpoint):
    """Which processes serve the latest change, such as a kill, and which are missing."""

    permission = VIEW
    serializer_class = ArrivalSerializer

    def run_query(self, query: None, **server_fields: Any) -> queries.Arrival:
        return queries.arrival()


class _OnKill(CommandEndpoint):
    result, status = KillSerializer, 200
    server_fields = ("kill_id",)


class ReviewOne(_OnKill):
    command = ReviewKill


class ReviveOne(_OnKill):
    """Where an approval is required, the response is 403 with the code `approvals.approval_required`; the command is
    then requested at /api/v1/approvals/."""

    command = ReviveFlag
