from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.notices.commands import AddTarget, RemoveTarget, SendCopyAgain, TellPeople, TryTarget
from apps.notices.models import Notice, Target

from .serializers import (
    CopySerializer,
    NoticeSerializer,
    NoticeWithCopiesSerializer,
    TargetSerializer,
)


class NoticeFilter(Filters):
    class Meta:
        model = Notice
        fields = ("kind", "correlation_id")


class Notices(ListEndpoint, CommandEndpoint):
    """What people were told, newest first."""

    permission = "notices.view_notice"
    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    command, result = TellPeople, NoticeWithCopiesSerializer


class OneNotice(DetailEndpoint):
    """A notice, and what came of each of its copies."""

    permission = "notices.view_notice"
    queryset = Notice.objects.prefetch_related("copies__target")
    serializer_class = NoticeWithCopiesSerializer
    lookup_url_kwarg = "notice_id"


class SendOneCopyAgain(CommandEndpoint):
    command, result, status = SendCopyAgain, CopySerializer, 202
    server_fields = ("copy_id",)


class Targets(ListEndpoint, CommandEndpoint):
    """The chats in which notices are told."""

    permission = "notices.view_target"
    queryset = Target.objects.active()
    serializer_class = TargetSerializer
    command, result = AddTarget, TargetSerializer


class TryOneTarget(CommandEndpoint):
    command, result, status = TryTarget, NoticeWithCopiesSerializer, 202
    server_fields = ("target_id",)


class RemoveOneTarget(CommandEndpoint):
    command, result, status = RemoveTarget, TargetSerializer, 200
    server_fields = ("target_id",)
