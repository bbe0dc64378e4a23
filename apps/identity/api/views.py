from typing import Any

from apps.bus.api.permissions import SIGNED_IN
from apps.bus.api.views import CommandEndpoint, ListEndpoint, QueryEndpoint
from apps.identity.commands import ChangeRoles, DeactivateUser, InviteUser, ReactivateUser
from apps.identity.models import User

from .serializers import MeSerializer, UserSerializer


class Me(QueryEndpoint):
    """Who I am here, and what I may do."""

    permission = SIGNED_IN
    serializer_class = MeSerializer

    def run_query(self, question: Any, **server_fields: Any) -> Any:
        return self.request.user


class Users(ListEndpoint, CommandEndpoint):
    """The people of this console."""

    permission = "identity.view_user"
    queryset = User.objects.prefetch_related("groups")
    serializer_class = UserSerializer
    command, result = InviteUser, UserSerializer


class ChangeRolesOfOne(CommandEndpoint):
    command, result, status, server_fields = ChangeRoles, UserSerializer, 200, ("user_id",)


class DeactivateOne(CommandEndpoint):
    command, result, status, server_fields = DeactivateUser, UserSerializer, 200, ("user_id",)


class ReactivateOne(CommandEndpoint):
    command, result, status, server_fields = ReactivateUser, UserSerializer, 200, ("user_id",)
