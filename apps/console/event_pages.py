"""Events and deliveries, in the operator's console: is everything heard? They stand below this floor too."""

from __future__ import annotations

import json

from django.contrib import admin
from django.utils.html import format_html
from unfold.decorators import display

from apps.events.models import Delivery, OutboxEvent
from apps.kernel.clock import now

from . import hooks
from .admin import ReadOnlyAdmin
from .sites import operator_site

EVENTS, DELIVERIES = "events.view_outboxevent", "events.view_delivery"


@admin.register(OutboxEvent, site=operator_site)
class OutboxEventAdmin(ReadOnlyAdmin):
    """What happened, at which tenant, and whether its listeners know."""

    list_display = ("id", "name", "aggregate", "tenant_id", "occurred_at", "routed_at")
    list_filter = ("name", "occurred_at")
    search_fields = ("name", "aggregate", "correlation_id")
    ordering = ("-id",)
    fields = (
        "name",
        "aggregate",
        "tenant_id",
        "occurred_at",
        "routed_at",
        "correlation_id",
        "causation_id",
        "told",
    )
    readonly_fields = ("told",)

    @admin.display(description="Payload")
    def told(self, event: OutboxEvent) -> str:
        return format_html('<pre class="console-json">{}</pre>', json.dumps(event.payload, indent=1))


@admin.register(Delivery, site=operator_site)
class DeliveryAdmin(ReadOnlyAdmin):
    """Who has heard what, how often it was tried, and why it failed."""

    list_display = ("event", "subscriber", "tenant_id", "shown_status", "attempts", "next_at", "done_at")
    list_filter = ("status", "subscriber")
    list_select_related = ("event",)
    search_fields = ("subscriber", "aggregate")
    ordering = ("-id",)
    fields = ("event", "subscriber", "tenant_id", "status", "attempts", "next_at", "done_at", "last_error")

    @display(description="Status", label={"Done": "success", "Pending": "info", "Dead letter": "danger"})
    def shown_status(self, delivery: Delivery) -> str:
        return delivery.get_status_display()


def _pending() -> str:
    return f"{Delivery.objects.open().count():,}"


def _oldest() -> str:
    oldest = Delivery.objects.open().select_related("event").order_by("id").first()
    if oldest is None:
        return "everything was heard"
    return f"the oldest waits {(now() - oldest.event.occurred_at).total_seconds():,.0f} s"


def _dead() -> str:
    return f"{Delivery.objects.filter(status=Delivery.Status.DEAD).count():,}"


hooks.plug(
    "operator",
    hooks.MenuItem(
        group="House",
        title="Events",
        icon="campaign",
        url="admin:events_outboxevent_changelist",
        permission=EVENTS,
    ),
    hooks.MenuItem(
        group="House",
        title="Deliveries",
        icon="forward_to_inbox",
        url="admin:events_delivery_changelist",
        permission=DELIVERIES,
    ),
    hooks.Figure(
        title="Deliveries pending",
        permission=DELIVERIES,
        icon="forward_to_inbox",
        value=_pending,
        note=_oldest,
        link="admin:events_delivery_changelist",
    ),
    hooks.Figure(
        title="Dead letters",
        permission=DELIVERIES,
        icon="mail_off",
        value=_dead,
        note=lambda: "given up, with the reason kept",
        link="admin:events_delivery_changelist",
    ),
)
