from apps.bus.api.filters import Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint
from apps.notices.commands import (
    AddNotificationChannel,
    RemoveNotificationChannel,
    ResendNoticeDelivery,
    SendAnnouncement,
    SendTestMessage,
)
from apps.notices.models import Notice, NotificationChannel

from .serializers import (
    NoticeDeliverySerializer,
    NoticeSerializer,
    NoticeWithDeliveriesSerializer,
    NotificationChannelSerializer,
)


class NoticeFilter(Filters):
    class Meta:
        model = Notice
        fields = ("kind", "correlation_id")


class Notices(ListEndpoint, CommandEndpoint):
    """The notices that were sent, newest first."""

    permission = "notices.view_notice"
    queryset = Notice.objects.all()
    serializer_class = NoticeSerializer
    filterset_class = NoticeFilter
    command, result = SendAnnouncement, NoticeWithDeliveriesSerializer


class OneNotice(DetailEndpoint):
    """A notice and its deliveries."""

    permission = "notices.view_notice"
    queryset = Notice.objects.prefetch_related("deliveries__channel")
    serializer_class = NoticeWithDeliveriesSerializer
    lookup_url_kwarg = "notice_id"


class ResendOneNoticeDelivery(CommandEndpoint):
    command, result, status = ResendNoticeDelivery, NoticeDeliverySerializer, 202
    server_fields = ("notice_delivery_id",)


class NotificationChannels(ListEndpoint, CommandEndpoint):
    """The chats that receive notices."""

    permission = "notices.view_notificationchannel"
    queryset = NotificationChannel.objects.active()
    serializer_class = NotificationChannelSerializer
    command, result = AddNotificationChannel, NotificationChannelSerializer


class SendOneTestMessage(CommandEndpoint):
    command, result, status = SendTestMessage, NoticeWithDeliveriesSerializer, 202
    server_fields = ("channel_id",)


class RemoveOneChannel(CommandEndpoint):
    command, result, status = RemoveNotificationChannel, NotificationChannelSerializer, 200
    server_fields = ("channel_id",)
