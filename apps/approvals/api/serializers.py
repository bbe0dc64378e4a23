from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.approvals.models import ApprovalRequest, Decision, Revision
from apps.bus.api.serializers import ReadSerializer

REQUEST: tuple[str, ...] = (
    "id",
    "kind",
    "command",
    "state",
    "quorum",
    "revision",
    "requester_id",
    "requester_name",
    "requested_at",
    "expires_at",
    "closed_at",
    "outcome",
)


class ApprovalRequestSerializer(ReadSerializer):
    class Meta:
        model = ApprovalRequest
        fields = REQUEST


class DecisionSerializer(ReadSerializer):
    class Meta:
        model = Decision
        fields = ("verdict", "approver_id", "approver_name", "reason", "decided_at")


class RevisionSerializer(ReadSerializer):
    """One wording of the request. `fields` are those of the command, without secrets."""

    decisions = DecisionSerializer(many=True)

    class Meta:
        model = Revision
        fields = (
            "number",
            "digest",
            "base_revision",
            "shown",
            "editor_name",
            "operator",
            "reason",
            "made_at",
            "decisions",
        )


class ApprovalRequestWithRevisionsSerializer(ApprovalRequestSerializer):
    revisions = serializers.SerializerMethodField()

    class Meta:
        model = ApprovalRequest
        fields = (*REQUEST, "revisions")

    @extend_schema_field(RevisionSerializer(many=True))
    def get_revisions(self, request: ApprovalRequest) -> Any:
        revisions = Revision.objects.filter(request=request).prefetch_related("decisions").order_by("number")
        return RevisionSerializer(revisions, many=True).data
