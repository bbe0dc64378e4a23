"""Events and deliveries, in the operator's console: is everything heard? They stand below this floor too.

There are such tables in each database, and their numbers repeat: where there are several, a page is of one of them.
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
from unfold.decorators import display

from apps.events import SUBSCRIBERS, breakers
from apps.events.models import Breaker, Delivery, DeliveryQuerySet, OutboxEvent
from apps.kernel import databases
from apps.kernel.clock import now
from apps.kernel.tenant import HOME

from . import hooks
from .admin import Link, ReadOnlyAdmin
from .sites import operator_site

EVENTS, DELIVERIES = "events.view_outboxevent", "events.view_delivery"
MANAGE = "monitoring.manage_deliveries"
T = TypeVar("T")
log = logging.getLogger(__name__)


class OfDatabase(admin.SimpleListFilter):
    """Which of the databases; none to choose where there is one."""

    title = parameter_name = "database"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        keys = databases.known()
        return [(key, key) for key in keys] if len(keys) > 1 else []

    def choices(self, changelist: ChangeList) -> Iterator[Any]:
        """There is no page of all of them."""
        for key, title in self.lookup_choices:
            query = changelist.get_query_string({self.parameter_name: key})
            yield {
                "selected": str(key) == (self.value() or HOME),
                "query_string": query,
                "display": title,
            }

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        """The page's rows are of that database already: the page of one row has no filters."""
        return queryset


def chosen(request: HttpRequest) -> str:
    """The key of the database; a row that was opened from a list is of the list's."""
    of_the_list = parse_qs(request.GET.get("_changelist_filters", ""))
    key = request.GET.get("database") or of_the_list.get("database", [HOME])[0]
    if key not in databases.known():
        raise Http404
    return key


class OfOneDatabase(ReadOnlyAdmin):
    """Its rows are those of the database that was chosen."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).using(databases.runtime(chosen(request)))

    def list_links(self, request: HttpRequest) -> Sequence[Link]:
        others = [key for key in databases.known() if key != chosen(request)]
        return [Link(f"Those in {key}", f"?{urlencode({'database': key})}", "database") for key in others]


@admin.register(OutboxEvent, site=operator_site)
class OutboxEventAdmin(OfOneDatabase):
    """What happened, at which tenant, and whether its listeners know."""

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
        "told",
    )
    readonly_fields = ("told",)

    @admin.display(description="Payload")
    def told(self, event: OutboxEvent) -> str:
        return format_html('<pre class="console-json">{}</pre>', json.dumps(event.payload, indent=1))


@admin.register(Delivery, site=operator_site)
class DeliveryAdmin(OfOneDatabase):
    """Who has heard what, how often it was tried, and why it failed."""

    list_display = ("event", "subscriber", "tenant_id", "shown_status", "attempts", "next_at", "done_at")
    list_filter = (OfDatabase, "status", "subscriber")
    list_select_related = ("event",)
    search_fields = ("subscriber", "aggregate")
    ordering = ("-id",)
    fields = (
        "shown_event",
        "subscriber",
        "tenant_id",
        "shown_status",
        "attempts",
        "next_at",
        "hinted_at",
        "done_at",
        "last_error",
    )
    readonly_fields = ("shown_event", "shown_status")

    def get_queryset(self, request: HttpRequest) -> Any:
        off = [name for name in SUBSCRIBERS if not breakers.is_on(name)]
        resting = (
            Breaker.objects.open()
            .alias(whose=Coalesce("tenant_id", 0))
            .filter(whose=Coalesce(OuterRef("tenant_id"), 0), subscriber=OuterRef("subscriber"))
        )
        paused = Q(subscriber__in=off) | ~Q(subscriber__in=list(SUBSCRIBERS)) | Q(Exists(resting))
        return super().get_queryset(request).annotate(paused=paused)

    def links(self, request: HttpRequest, obj: Delivery) -> Sequence[Link]:
        """The commands stand in `monitoring`, above this floor."""
        if not request.user.has_perm(MANAGE):
            return ()
        which = [chosen(request), obj.pk]
        replay = Link("Replay", reverse("admin:replay_delivery", args=which), "replay")
        drop = Link("Drop", reverse("admin:drop_delivery", args=which), "delete")
        return {
            Delivery.Status.PENDING: (drop,),
            Delivery.Status.DEAD: (replay, drop),
        }.get(Delivery.Status(obj.status), (replay,))

    @admin.display(description="Event")
    def shown_event(self, delivery: Delivery) -> str:
        there = databases.key_of(delivery)
        url = reverse("admin:events_outboxevent_change", args=[delivery.event_id])
        return format_html(
            '<a href="{}">{}</a>',
            f"{url}?{urlencode({'database': there})}" if there else url,
            delivery.event,
        )

    @display(
        description="Status",
        label={
            "Done": "success",
            "Pending": "info",
            "Paused": "warning",
            "Dead letter": "danger",
            "Dropped": "warning",
        },
    )
    def shown_status(self, delivery: Any) -> str:
        if delivery.paused and delivery.status == Delivery.Status.PENDING:
            return "Paused"
        return str(delivery.get_status_display())


def _pending() -> hooks.Reading:
    waiting, away = _everywhere(
        lambda rows: rows.open().aggregate(count=Count("pk"), since=Min("event__occurred_at"))
    )
    oldest = min((each["since"] for each in waiting if each["count"]), default=None)
    said = f"the oldest waits {(now() - oldest).total_seconds():,.0f} s" if oldest else "everything was heard"
    return hooks.Reading(f"{sum(each['count'] for each in waiting):,}", said + away)


def _dead() -> hooks.Reading:
    dead, away = _everywhere(lambda rows: rows.filter(status=Delivery.Status.DEAD).count())
    return hooks.Reading(f"{sum(dead):,}", "given up, with the reason kept" + away)


def _everywhere(ask: Callable[[DeliveryQuerySet], T]) -> tuple[list[T], str]:
    """What each database answers, and in words which did not: the first page stands without them."""
    answers, away = [], []
    for key in databases.known():
        try:
            answers.append(ask(Delivery.objects.using(databases.runtime(key))))
        except DatabaseError:
            if key == HOME:
                raise
            log.warning("The database %s did not say what waits there.", key, exc_info=True)
            away.append(key)
    return answers, f"; {' and '.join(away)} did not answer" if away else ""


hooks.plug(
    "operator",
    hooks.MenuItem(
        group="System",
        title="Events",
        icon="campaign",
        url="admin:events_outboxevent_changelist",
        permission=EVENTS,
    ),
    hooks.MenuItem(
        group="System",
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
        link="admin:events_delivery_changelist",
    ),
    hooks.Figure(
        title="Dead letters",
        permission=DELIVERIES,
        icon="mail_off",
        value=_dead,
        link="admin:events_delivery_changelist",
    ),
)
