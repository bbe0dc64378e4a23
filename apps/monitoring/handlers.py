"""How it is done."""

from __future__ import annotations

from apps.bus import handles
from apps.events import replay
from apps.events.models import Delivery
from apps.kernel.errors import together

from . import rules
from .commands import DropDelivery, ReplayDeliveries, ReplayDelivery, ReplayEvents
from .errors import NothingToReplay


@handles(ReplayDelivery)
def replay_delivery(command: ReplayDelivery) -> Delivery:
    rules.reason_must_be_given(command.reason)
    delivery = rules.delivery_must_exist(command.delivery_id)
    rules.delivery_must_not_be_pending(delivery)
    rules.subscriber_must_exist(delivery.subscriber)

    replay.again(Delivery.objects.filter(pk=delivery.pk))

    delivery.refresh_from_db()
    return delivery


@handles(ReplayDeliveries)
def replay_deliveries(command: ReplayDeliveries) -> int:
    with together() as asked:
        asked.check(rules.reason_must_be_given, command.reason)
        asked.check(rules.subscriber_must_exist, command.subscriber)
        asked.check(rules.tenant_must_exist, command.tenant)
    dead = Delivery.objects.filter(status=Delivery.Status.DEAD, subscriber=command.subscriber)
    if tenant := rules.tenant_must_exist(command.tenant):
        dead = dead.filter(tenant_id=tenant.pk)

    count = replay.again(dead)

    if not count:
        raise NothingToReplay(subscriber=command.subscriber)
    return count


@handles(ReplayEvents)
def replay_events(command: ReplayEvents) -> int:
    with together() as asked:
        asked.check(rules.reason_must_be_given, command.reason)
        asked.check(rules.event_must_exist, command.event)
        asked.check(rules.subscriber_must_exist, command.subscriber)
        asked.check(rules.tenant_must_exist, command.tenant)
    rules.subscriber_must_hear(rules.subscriber_must_exist(command.subscriber), command.event)
    tenant = rules.tenant_must_exist(command.tenant)

    count = replay.tell_again(
        command.event,
        since=command.since,
        subscriber=command.subscriber,
        tenant_id=tenant.pk if tenant else None,
    )

    if not count:
        raise NothingToReplay(subscriber=command.subscriber)
    return count


@handles(DropDelivery)
def drop_delivery(command: DropDelivery) -> Delivery:
    rules.reason_must_be_given(command.reason)
    delivery = rules.delivery_must_exist(command.delivery_id)
    rules.delivery_must_not_be_settled(delivery)

    replay.drop(delivery)

    return delivery
