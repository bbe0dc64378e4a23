"""Events and deliveries in the operator's console. Here, because `events` lies below `console`.

Each database has these tables, with ids of its own, so a page shows the rows of one database.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlencode

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db import Error as DatabaseError
from django.db.models import Count, Exists, Min, OuterRef, Q
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.admin import Link, ReadOnlyAdmin
from apps.console.labels import Colours, display
from apps.console.sites import operator_site
from apps.events import SUBSCRIBERS, breakers
from apps.events.models import Breaker, Delivery, DeliveryQuerySet, OutboxEvent
from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.tenant import HOME
from apps.monitoring.commands import MANAGE

EVENTS, DELIVERIES = "events.view_outboxevent", "events.view_delivery"

T = TypeVar("T")
log = logging.getLogger(__name__)


class OfDatabase(admin.SimpleListFilter):
    """Choice of the database; hidden if there is only one."""

    title = _("database")
    parameter_name = "database"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        keys = databases.known()
        return [(key, key) for key in keys] if len(keys) > 1 else []

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """Without the choice of all databases."""
        for key, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: key})
            yield {
                "selected": str(key) == (self.value() or HOME),
                "query_string": query,
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """Unfiltered: `get_queryset` chose the database already, since the page of a row has no filters."""
        return queryset


def database_of(request: HttpRequest) -> str:
    """The key of the database; for a row that was opened from a list, that of the list. Raises Http404."""
    of_the_list = parse_qs(request.GET.get("_changelist_filters", ""))
    key = request.GET.get("database") or of_the_list.get("database", [HOME])[0]
    if key not in databases.known():
        raise Http404
    return key


class OfOneDatabase(ReadOnlyAdmin):
    """Rows of one database."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).using(databases.runtime(database_of(request)))

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        others = [key for key in databases.known() if key != database_of(request)]
        return [
            Link(gettext("Database {key}").format(key=key), f"?{urlencode({'database': key})}", "database")
            for key in others
        ]


@admin.register(OutboxEvent, site=operator_site)
class OutboxEventAdmin(OfOneDatabase):
    """Events, with their tenant and whether deliveries were created."""

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
    list_filter = (OfDatabase, "status", "subscriber")
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


def _pending() -> hooks.Reading:
    waiting, away = _everywhere(
        lambda rows: rows.open().aggregate(count=Count("pk"), since=Min("event__occurred_at"))
    )
    oldest = min((pending["since"] for pending in waiting if pending["count"]), default=None)
    note = (
        gettext("the oldest waits {seconds:,.0f} s").format(seconds=(now() - oldest).total_seconds())
        if oldest
        else gettext("all delivered")
    )
    return hooks.Reading(f"{sum(pending['count'] for pending in waiting):,}", note + away)


def _dead() -> hooks.Reading:
    dead, away = _everywhere(lambda rows: rows.filter(status=Delivery.Status.DEAD).count())
    return hooks.Reading(f"{sum(dead):,}", gettext("failed; each has its last error") + away)


def _everywhere(query: Callable[[DeliveryQuerySet], T]) -> tuple[list[T], str]:
    """The result of the query in each database, and a note of those unavailable: the dashboard works without them."""
    results, away = [], []
    for key in databases.known():
        try:
            results.append(query(Delivery.objects.using(databases.runtime(key))))
        except DatabaseError:
            if key == HOME:
                raise
            log.warning("The database %s did not return its deliveries.", key, exc_info=True)
            away.append(key)
    return results, f"; {' and '.join(away)} unavailable" if away else ""


hooks.plug(
    "operator",
    hooks.MenuItem(
        group=_("System"),
        title=_("Events"),
        icon="campaign",
        url="admin:events_outboxevent_changelist",
        permission=EVENTS,
    ),
    hooks.MenuItem(
        group=_("System"),
        title=_("Deliveries"),
        icon="forward_to_inbox",
        url="admin:events_delivery_changelist",
        permission=DELIVERIES,
    ),
    hooks.Figure(
        title=_("Deliveries pending"),
        permission=DELIVERIES,
        icon="forward_to_inbox",
        value=_pending,
        link="admin:events_delivery_changelist",
    ),
    hooks.Figure(
        title=_("Dead letters"),
        permission=DELIVERIES,
        icon="mail_off",
        value=_dead,
        link="admin:events_delivery_changelist",
    ),
)
