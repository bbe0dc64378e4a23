"""The lists and pages of events and deliveries, of one database at a time."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console.labels import Colours, display
from apps.console.lists.bulk import BulkCommand
from apps.console.row_links import Link
from apps.console.sites import operator_site
from apps.console.widgets import ReasonForm
from apps.events import SUBSCRIBERS, breakers
from apps.events.models import Breaker, Delivery, OutboxEvent
from apps.kernel.db import databases
from apps.kernel.tenant import HOME
from apps.monitoring.commands import MANAGE, DropDelivery, ReplayDelivery

from .database_choice import OfDatabase, OfOneDatabase, database_of


@admin.register(OutboxEvent, site=operator_site)
class OutboxEventAdmin(OfOneDatabase):
    """Events, with their tenant and whether deliveries were created."""

    created_by = "commands"
    empty_message = _("Events appear here when commands publish them.")
    list_display = ("id", "name", "version", "aggregate", "tenant_id", "occurred_at", "routed_at")
    list_filter = (OfDatabase, "name", "occurred_at")
    search_fields = ("name", "aggregate", "correlation_id")
    ordering = ("-id",)
    fields = (
        "name",
        "version",
        "aggregate",
        "tenant_id",
        "occurred_at",
        "due_at",
        "routed_at",
        "correlation_id",
        "causation_id",
        "payload_json",
    )
    readonly_fields = ("payload_json",)

    @admin.display(description=_("Payload"))
    def payload_json(self, event: OutboxEvent) -> str:
        return format_html('<pre class="console-json">{}</pre>', json.dumps(event.payload, indent=1))


@admin.register(Delivery, site=operator_site)
class DeliveryAdmin(OfOneDatabase):
    """Deliveries, with subscriber, attempts and the last error."""

    created_by = "events"
    bulk = (
        BulkCommand(
            name="replay_chosen",
            title=_("Replay"),
            command=ReplayDelivery,
            form=ReasonForm,
            build=lambda delivery, values: ReplayDelivery(
                delivery_id=delivery.pk, database=databases.key_of(delivery) or HOME, **values
            ),
            sentence=lambda delivery: gettext("{delivery} is delivered again.").format(delivery=delivery),
        ),
        BulkCommand(
            name="drop_chosen",
            title=_("Drop"),
            command=DropDelivery,
            form=ReasonForm,
            build=lambda delivery, values: DropDelivery(
                delivery_id=delivery.pk, database=databases.key_of(delivery) or HOME, **values
            ),
            sentence=lambda delivery: gettext("{delivery} is dropped.").format(delivery=delivery),
        ),
    )
    empty_message = _("Deliveries of events to their subscribers appear here.")
    list_display = (
        "event",
        "subscriber",
        "queue",
        "tenant_id",
        "status_label",
        "attempts",
        "next_at",
        "finished_at",
    )
    list_filter = (OfDatabase, "status", "finished_at", "subscriber")
    lookups = ("queue__exact",)
    list_select_related = ("event",)
    search_fields = ("subscriber", "aggregate")
    ordering = ("-id",)
    fields = (
        "event_link",
        "subscriber",
        "queue",
        "tenant_id",
        "status_label",
        "attempts",
        "next_at",
        "hinted_at",
        "finished_at",
        "last_error",
    )
    readonly_fields = ("event_link", "status_label")

    def get_queryset(self, request: HttpRequest) -> Any:
        off = [name for name in SUBSCRIBERS if not breakers.is_enabled(name)]
        open_breakers = (
            Breaker.objects.open()
            .alias(tenant_or_platform=Coalesce("tenant_id", 0))
            .filter(
                tenant_or_platform=Coalesce(OuterRef("tenant_id"), 0),
                subscriber=OuterRef("subscriber"),
                queue=OuterRef("queue"),
            )
        )
        paused = Q(subscriber__in=off) | ~Q(subscriber__in=list(SUBSCRIBERS)) | Q(Exists(open_breakers))
        return super().get_queryset(request).annotate(paused=paused)

    def links(self, request: HttpRequest, obj: Delivery) -> Sequence[Link]:
        """Replay and drop."""
        if not request.user.has_perm(MANAGE):
            return ()
        row = [database_of(request), obj.pk]
        replay = Link(gettext("Replay"), reverse("admin:replay_delivery", args=row), "replay")
        drop = Link(gettext("Drop"), reverse("admin:drop_delivery", args=row), "delete")
        return {
            Delivery.Status.PENDING: (drop,),
            Delivery.Status.DEAD: (replay, drop),
        }.get(Delivery.Status(obj.status), (replay,))

    @admin.display(description=_("Event"))
    def event_link(self, delivery: Delivery) -> str:
        there = databases.key_of(delivery)
        url = reverse("admin:events_outboxevent_change", args=[delivery.event_id])
        return format_html(
            '<a href="{}">{}</a>',
            f"{url}?{urlencode({'database': there})}" if there else url,
            delivery.event,
        )

    @display(
        description=_("Status"),
        label=Colours(
            {
                Delivery.Status.DONE: "success",
                Delivery.Status.PENDING: "info",
                _("Paused"): "warning",
                Delivery.Status.DEAD: "danger",
                Delivery.Status.DROPPED: "warning",
            }
        ),
    )
    def status_label(self, delivery: Any) -> str:
        if delivery.paused and delivery.status == Delivery.Status.PENDING:
            return gettext("Paused")
        return str(delivery.get_status_display())
