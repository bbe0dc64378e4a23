from typing import Any

from apps.bus.api.permissions import SIGNED_IN
from apps.bus.api.views import Answers, Asks, Lists
from apps.identity.commands import ChangeRoles, DeactivateUser, InviteUser, ReactivateUser
from apps.identity.models import User

from .serializers import MeSerializer, UserSerializer


class Me(Answers):
    """Who I am here, and what I may do."""

    permission = SIGNED_IN
    serializer_class = MeSerializer

    def answer(self, question: Any, **given: Any) -> Any:
        return self.request.user


class Users(Lists, Asks):
    """The people of this console."""

    permission = "identity.view_user"
    queryset = User.objects.prefetch_related("groups")
    serializer_class = UserSerializer
    command, result = InviteUser, UserSerializer


class ChangeRolesOfOne(Asks):
    command, result, status, given = ChangeRoles, UserSerializer, 200, ("user_id",)


class DeactivateOne(Asks):
    command, result, status, given = DeactivateUser, UserSerializer, 200, ("user_id",)


class ReactivateOne(Asks):
    command, result, status, given = ReactivateUser, UserSerializer, 200, ("user_id",)
