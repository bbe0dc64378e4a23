"""Rollouts of flags, and their life: owner, extension, retirement."""

from __future__ import annotations

from apps.bus.api.filters import Filters
from apps.bus.api.serializers import ReadSerializer
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.flags.commands import (
    AdvanceRollout,
    ExtendFlag,
    PauseRollout,
    ResumeRollout,
    RetireFlag,
    RollBackRollout,
    RolloutFeature,
    TransferFlag,
)
from apps.flags.models import Rollout, RolloutStep
from apps.flags.module import VIEW

from .serializers import ChangeSetWithRevisionsSerializer, FlagSerializer

ROLLOUT: tuple[str, ...] = (
    "id",
    "key",
    "revision",
    "state",
    "stage",
    "percentage",
    "stage_since",
    "started_at",
    "ended_at",
    "changed_at",
    "changed_by_name",
    "reason",
)


class RolloutSerializer(ReadSerializer):
    """How far the plan of a revision has come."""

    class Meta:
        model = Rollout
        fields = ROLLOUT


class RolloutStepSerializer(ReadSerializer):
    class Meta:
        model = RolloutStep
        fields = ("state", "stage", "percentage", "at", "by_name", "reason")


class RolloutWithStepsSerializer(RolloutSerializer):
    """A rollout with its states so far."""

    steps = RolloutStepSerializer(many=True)

    class Meta:
        model = Rollout
        fields = (*ROLLOUT, "steps")


class RolloutFilter(Filters):
    class Meta:
        model = Rollout
        fields = ("key", "state")


class Rollouts(ListEndpoint):
    """The rollouts, newest first, with those that ended."""

    permission = VIEW
    queryset = Rollout.objects.all()
    serializer_class = RolloutSerializer
    filterset_class = RolloutFilter


class OneRollout(DetailEndpoint):
    """A rollout with its states so far."""

    permission = VIEW
    queryset = Rollout.objects.prefetch_related("steps")
    serializer_class = RolloutWithStepsSerializer
    lookup_url_kwarg = "rollout_id"


class _OfFlag(CommandEndpoint):
    result, status = RolloutSerializer, 200
    server_fields = ("key",)


class StartOne(_OfFlag):
    command, status = RolloutFeature, 201


class AdvanceOne(_OfFlag):
    command = AdvanceRollout


class PauseOne(_OfFlag):
    command = PauseRollout


class ResumeOne(_OfFlag):
    command = ResumeRollout


class RollBackOne(_OfFlag):
    command = RollBackRollout


class RetireOneFlag(CommandEndpoint):
    command, result = RetireFlag, ChangeSetWithRevisionsSerializer
    server_fields = ("key",)


class TransferOneFlag(CommandEndpoint):
    command, result, status = TransferFlag, FlagSerializer, 200
    server_fields = ("key",)


class ExtendOneFlag(CommandEndpoint):
    """Where an approval is required, the response is 403 with the code `approvals.approval_required`; the command is
    then requested at /api/v1/approvals/."""

    command, result, status = ExtendFlag, FlagSerializer, 200
