from apps.approvals.commands import (
    VIEW,
    ApproveRequest,
    ChangeRequest,
    RejectRequest,
    RequestApproval,
    WithdrawRequest,
)
from apps.approvals.models import ApprovalRequest
from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint

from .serializers import ApprovalRequestSerializer, ApprovalRequestWithRevisionsSerializer


class ApprovalRequestFilter(Filters):
    class Meta:
        model = ApprovalRequest
        fields = ("state", "kind", "command", "requester_id")


class ApprovalRequests(ListEndpoint, CommandEndpoint):
    """Requests, newest first."""

    permission = VIEW
    queryset = ApprovalRequest.objects.all()
    serializer_class = ApprovalRequestSerializer
    filterset_class = ApprovalRequestFilter
    command, result = RequestApproval, ApprovalRequestWithRevisionsSerializer


class OneApprovalRequest(DetailEndpoint):
    """A request with its revisions and decisions."""

    permission = VIEW
    queryset = ApprovalRequest.objects.all()
    serializer_class = ApprovalRequestWithRevisionsSerializer
    lookup_url_kwarg = "request_id"


class _OnRequest(CommandEndpoint):
    result, status = ApprovalRequestWithRevisionsSerializer, 200
    server_fields = ("request_id",)


class ChangeOneRequest(_OnRequest):
    command = ChangeRequest


class ApproveOneRequest(_OnRequest):
    command = ApproveRequest


class RejectOneRequest(_OnRequest):
    command = RejectRequest


class WithdrawOneRequest(_OnRequest):
    command = WithdrawRequest
