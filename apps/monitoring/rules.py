"""Validation of replays and drops."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext

from apps.audit import queries as audit
from apps.audit.filters import RecordFilter
from apps.events import EVENTS, SUBSCRIBERS, Subscriber
from apps.events import queries as events
from apps.kernel.db import databases
from apps.tenancy import queries as tenants
from apps.tenancy.errors import DatabaseUnknown

from .errors import (
    DeliveryIsPending,
    DeliveryIsSettled,
    DeliveryUnknown,
    EventUnknown,
    FiltersMalformed,
    NotSubscribed,
    SubscriberUnknown,
)

if TYPE_CHECKING:
    from apps.events.models import Delivery
    from apps.tenancy.models import Tenant


def database_must_be_known(key: str) -> None:
    if key not in databases.known():
        raise DatabaseUnknown(key=key)


def delivery_must_exist(delivery_id: int, database: str) -> Delivery:
    """The delivery, locked until the end of the transaction."""
    delivery = events.deliveries(database=database, pk=delivery_id).select_for_update(of=("self",)).first()
    if delivery is None:
        raise DeliveryUnknown(delivery_id=delivery_id)
    return delivery


def delivery_must_not_be_pending(delivery: Delivery) -> None:
    if delivery.is_pending:
        raise DeliveryIsPending(delivery=delivery)


def delivery_must_not_be_settled(delivery: Delivery) -> None:
    if delivery.is_settled:
        raise DeliveryIsSettled(delivery=delivery, status=delivery.get_status_display().lower())


def subscriber_must_exist(name: str) -> Subscriber:
    if name not in SUBSCRIBERS:
        raise SubscriberUnknown(subscriber=name)
    return SUBSCRIBERS[name]


def event_must_exist(name: str) -> None:
    if name not in EVENTS:
        raise EventUnknown(event=name)


def subscriber_must_subscribe(subscriber: Subscriber, event: str) -> None:
    if not subscriber.matches(event):
        raise NotSubscribed(subscriber=subscriber.name, event=event)


def tenant_must_exist(slug: str) -> Tenant | None:
    """The tenant, or None for an empty name."""
    return tenants.tenant_with_slug(slug) if slug else None


def filters_must_be_known(filters: Mapping[str, str]) -> None:
    """The filters of the list of records."""
    if unknown := sorted(filters.keys() - RecordFilter.base_filters.keys()):
        raise FiltersMalformed(why=gettext("there is no {names}").format(names=", ".join(unknown)))
    chosen = RecordFilter(filters, queryset=audit.records())
    if not chosen.is_valid():
        raise FiltersMalformed(why=", ".join(chosen.errors))
