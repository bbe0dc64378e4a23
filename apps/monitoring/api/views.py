import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from apps.audit.api.activity import HOUR, named
from apps.bus.api.filters import CharFilter, Filters
from apps.bus.api.views import CommandEndpoint, DetailEndpoint, ListEndpoint, QueryEndpoint
from apps.events import queries as events
from apps.events.models import Delivery
from apps.kernel.clock import now
from apps.monitoring import command_activity
from apps.monitoring.commands import DropDelivery, ReplayDeliveries, ReplayDelivery, ReplayEvents

from .serializers import CountSerializer, DeliverySerializer, SubscriberSerializer, TenantFiguresSerializer

VIEW_PERMISSION = "events.view_delivery"


class DeliveryFilter(Filters):
    event = CharFilter("event__name")
    correlation_id = CharFilter("event__correlation_id")

    class Meta:
        model = Delivery
        fields = ("status", "subscriber", "tenant_id")


class Subscribers(QueryEndpoint):
    """Subscribers, their backlog and pauses."""

    permission = VIEW_PERMISSION
    serializer_class = SubscriberSerializer
    many = True

    def run_query(self, query: Any, **server_fields: Any) -> Sequence[Any]:
        return events.subscribers()


class Deliveries(ListEndpoint):
    """Deliveries, newest first."""

    permission = VIEW_PERMISSION
    queryset = Delivery.objects.select_related("event")
    serializer_class = DeliverySerializer
    filterset_class = DeliveryFilter


class OneDelivery(DetailEndpoint):
    """A delivery."""

    permission = VIEW_PERMISSION
    queryset = Delivery.objects.select_related("event")
    serializer_class = DeliverySerializer
    lookup_url_kwarg = "delivery_id"


class Replay(CommandEndpoint):
    command, result, status = ReplayDelivery, DeliverySerializer, 200
    server_fields = ("delivery_id",)


class Drop(CommandEndpoint):
    command, result, status = DropDelivery, DeliverySerializer, 200
    server_fields = ("delivery_id",)


class Replays(CommandEndpoint):
    command, result, status = ReplayDeliveries, CountSerializer, 200


class EventReplays(CommandEndpoint):
    command, result, status = ReplayEvents, CountSerializer, 200


@dataclass(frozen=True, kw_only=True)
class CommandActivityQuery:
    since: dt.datetime | None = None
    until: dt.datetime | None = None


class CommandActivity(QueryEndpoint):
    """Commands of a period, by default the last hour, by tenant and module. `tenant` is empty for the platform."""

    permission = "audit.view_commandminute"
    query = CommandActivityQuery
    serializer_class = TenantFiguresSerializer
    many = True

    def run_query(self, query: Any, **server_fields: Any) -> Sequence[Any]:
        options: CommandActivityQuery = query
        by_tenant = command_activity.by_tenant(options.since or now() - HOUR, options.until)
        return [{"tenant": slug, **row} for slug, figures in by_tenant.items() for row in named(figures)]
