"""Replays and drops deliveries."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from django.db import transaction

from apps.audit import access_log
from apps.audit import queries as audit
from apps.bus import handles
from apps.bus.envelope import current_envelope
from apps.events import queries as events
from apps.events import replay
from apps.jobs.starting import start
from apps.kernel.actors import acting
from apps.kernel.db import databases
from apps.kernel.errors import together
from apps.kernel.reasons import reason_must_be_given

from . import rules
from .commands import DropDelivery, ExportAuditLog, ReplayDeliveries, ReplayDelivery, ReplayEvents
from .errors import NothingToReplay, ReasonMissing
from .jobs import AuditExport

if TYPE_CHECKING:
    from apps.events.models import Delivery
    from apps.jobs.models import Run


@handles(ReplayDelivery)
def replay_delivery(command: ReplayDelivery) -> Delivery:
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.database_must_be_known, command.database)
    with _in_database(command.database) as using:
        delivery = rules.delivery_must_exist(command.delivery_id, command.database)
        rules.delivery_must_not_be_pending(delivery)
        rules.subscriber_must_exist(delivery.subscriber)

        replay.replay_deliveries(events.deliveries(database=command.database, pk=delivery.pk))

        delivery.refresh_from_db(using=using)
    return delivery


@handles(ReplayDeliveries)
def replay_deliveries(command: ReplayDeliveries) -> int:
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.subscriber_must_exist, command.subscriber)
        validation.check(rules.tenant_must_exist, command.tenant)
        validation.check(rules.database_must_be_known, command.database)
    tenant = rules.tenant_must_exist(command.tenant)
    with _in_database(command.database):
        tenant_id = tenant.pk if tenant else None
        dead = events.dead_deliveries(command.subscriber, tenant_id, database=command.database)

        count = replay.replay_deliveries(dead)

    if not count:
        raise NothingToReplay(subscriber=command.subscriber, database=command.database)
    return count


@handles(ReplayEvents)
def replay_events(command: ReplayEvents) -> int:
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.event_must_exist, command.event)
        validation.check(rules.subscriber_must_exist, command.subscriber)
        validation.check(rules.tenant_must_exist, command.tenant)
        validation.check(rules.database_must_be_known, command.database)
    rules.subscriber_must_subscribe(rules.subscriber_must_exist(command.subscriber), command.event)
    tenant = rules.tenant_must_exist(command.tenant)

    with _in_database(command.database) as using:
        count = replay.replay_events(
            command.event,
            since=command.since,
            subscriber=command.subscriber,
            tenant_id=tenant.pk if tenant else None,
            using=using,
        )

    if not count:
        raise NothingToReplay(subscriber=command.subscriber, database=command.database)
    return count


@handles(DropDelivery)
def drop_delivery(command: DropDelivery) -> Delivery:
    with together() as validation:
        validation.check(reason_must_be_given, command.reason, ReasonMissing)
        validation.check(rules.database_must_be_known, command.database)
    with _in_database(command.database):
        delivery = rules.delivery_must_exist(command.delivery_id, command.database)
        rules.delivery_must_not_be_settled(delivery)

        replay.drop(delivery)

    return delivery


@contextmanager
def _in_database(key: str) -> Iterator[str]:
    """A transaction on the database; yields its alias.

    On another database than home it commits just before the row of the audit log; a dry run rolls it back."""
    using, envelope = databases.runtime(key), current_envelope.get()
    with transaction.atomic(using=using):
        yield using
        if envelope and envelope.is_dry_run:
            transaction.set_rollback(True, using=using)


@handles(ExportAuditLog)
def export_audit_log(command: ExportAuditLog) -> Run:
    rules.filters_must_be_known(command.filters)

    if actor := acting():
        access_log.record_export(actor, command.filters, form="csv")
    return start(AuditExport, filters=command.filters, last_id=audit.last_id())
