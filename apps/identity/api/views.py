from typing import Any

from apps.bus.api.permissions import SIGNED_IN
from apps.bus.api.views import CommandEndpoint, ListEndpoint, QueryEndpoint
from apps.identity.commands import ChangeRoles, DeactivateUser, ReactivateUser
from apps.identity.models import User

from .serializers import MeSerializer, UserSerializer


class Me(QueryEndpoint):
    """The caller and their permissions."""

    permission = SIGNED_IN
    serializer_class = MeSerializer

    def run_query(self, query: Any, **server_fields: Any) -> Any:
        return self.request.user


class Users(ListEndpoint):
    """The users of the current plane."""

    permission = "identity.view_user"
    queryset = User.objects.prefetch_related("groups")
    serializer_class = UserSerializer


class ChangeRolesOfOne(CommandEndpoint):
    command, result, status, server_fields = ChangeRoles, UserSerializer, 200, ("user_id",)


class DeactivateOne(CommandEndpoint):
    command, result, status, server_fields = DeactivateUser, UserSerializer, 200, ("user_id",)


class ReactivateOne(CommandEndpoint):
    command, result, status, server_fields = ReactivateUser, UserSerializer, 200, ("user_id",)
