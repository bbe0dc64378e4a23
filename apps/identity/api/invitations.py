"""Invitations, on both planes. No response has a link or a token, nor has a repeated one."""

from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, ListEndpoint
from apps.identity.commands import InviteOperator, InviteUser, ResendInvitation, RevokeInvitation
from apps.identity.models import Invitation

from .serializers import InvitationSerializer


class InvitationFilter(Filters):
    class Meta:
        model = Invitation
        fields = ("state", "email")


class Invitations(ListEndpoint, CommandEndpoint):
    """Invitations of the current plane, newest first."""

    permission = "identity.manage_users"
    queryset = Invitation.objects.all()
    serializer_class = InvitationSerializer
    filterset_class = InvitationFilter
    command, result = InviteUser, InvitationSerializer


class OperatorInvitations(CommandEndpoint):
    command, result = InviteOperator, InvitationSerializer


class ResendOne(CommandEndpoint):
    command, result, status = ResendInvitation, InvitationSerializer, 200
    server_fields = ("invitation_id",)


class RevokeOne(CommandEndpoint):
    command, result, status = RevokeInvitation, InvitationSerializer, 200
    server_fields = ("invitation_id",)
