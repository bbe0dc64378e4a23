from typing import Any

from apps.bus.api.permissions import SIGNED_IN
from apps.bus.api.views import Answers

from .serializers import MeSerializer


class Me(Answers):
    """Who I am here, and what I may do."""

    permission = SIGNED_IN
    serializer_class = MeSerializer

    def answer(self, question: Any, **given: Any) -> Any:
        return self.request.user
