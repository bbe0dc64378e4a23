"""What events add to the operator's console: menu entries, and figures over all databases."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from django.db import Error as DatabaseError
from django.db.models import Count, Min
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.events.models import Delivery, DeliveryQuerySet
from apps.kernel.clock import now
from apps.kernel.db import databases
from apps.kernel.tenant import HOME

EVENTS, DELIVERIES = "events.view_outboxevent", "events.view_delivery"
OPEN, DEAD = "?status__exact=pending", "?status__exact=dead"
T = TypeVar("T")
log = logging.getLogger(__name__)


def _pending() -> hooks.Reading:
    waiting, away = _everywhere(
        lambda rows: rows.open().aggregate(count=Count("pk"), since=Min("event__occurred_at"))
    )
    oldest = min((pending["since"] for pending in waiting.values() if pending["count"]), default=None)
    note = (
        gettext("the oldest waits {seconds:,.0f} s").format(seconds=(now() - oldest).total_seconds())
        if oldest
        else gettext("all delivered")
    )
    return _reading({key: pending["count"] for key, pending in waiting.items()}, OPEN, note + away)


def _dead() -> hooks.Reading:
    dead, away = _everywhere(lambda rows: rows.filter(status=Delivery.Status.DEAD).count())
    return _reading(dead, DEAD, gettext("failed; each has its last error") + away)


def _reading(counts: dict[str, int], query: str, note: str) -> hooks.Reading:
    """A list has the rows of one database, so the figure has a part for each of several databases."""
    parts = [(key, count, f"{query}&database={key}") for key, count in counts.items()]
    return hooks.Reading(sum(counts.values()), note, parts if len(parts) > 1 else ())


def _everywhere(query: Callable[[DeliveryQuerySet], T]) -> tuple[dict[str, T], str]:
    """The result of the query in each database, and a note of those unavailable: the dashboard works without them."""
    results, away = {}, []
    for key in databases.known():
        try:
            results[key] = query(Delivery.objects.using(databases.runtime(key)))
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
        read=_pending,
        link="admin:events_delivery_changelist",
        query=OPEN,
    ),
    hooks.Figure(
        title=_("Dead letters"),
        permission=DELIVERIES,
        icon="mail_off",
        read=_dead,
        link="admin:events_delivery_changelist",
        query=DEAD,
    ),
)
