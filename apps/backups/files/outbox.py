"""Undelivered events of a tenant: those not routed yet, pending or scheduled deliveries, and dead letters.

They are in tables that all tenants of a database share, so they are exported and imported separately from the schema.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import connections, transaction

from apps.kernel.db import databases

_UNDELIVERED = """
SELECT json_build_object('event', to_jsonb(e) - 'id', 'deliveries', (
    SELECT coalesce(json_agg(to_jsonb(d) - 'id' - 'event_id' ORDER BY d.id), '[]') FROM events_delivery d
    WHERE d.event_id = e.id AND d.status IN ('pending', 'dead')))::text
FROM events_outboxevent e
WHERE e.tenant_id = %(tenant)s AND (e.routed_at IS NULL OR EXISTS (
    SELECT FROM events_delivery d WHERE d.event_id = e.id AND d.status IN ('pending', 'dead')))
ORDER BY e.id
"""

_COUNT_DUE = """
SELECT (SELECT count(*) FROM events_outboxevent WHERE tenant_id = %(tenant)s AND routed_at IS NULL)
     + (SELECT count(*) FROM events_delivery d JOIN events_outboxevent e ON e.id = d.event_id
        WHERE d.tenant_id = %(tenant)s AND d.status = 'pending' AND (e.due_at IS NULL OR e.due_at <= now()))
"""

_KNOWN = """
SELECT known.id FROM events_outboxevent AS known,
    jsonb_populate_record(NULL::events_outboxevent, %(event)s::jsonb) AS new
WHERE (known.tenant_id, known.name, known.aggregate, known.occurred_at, known.payload)
    = (new.tenant_id, new.name, new.aggregate, new.occurred_at, new.payload)
"""

_ADD_EVENT = """
INSERT INTO events_outboxevent (tenant_id, name, version, aggregate, payload, correlation_id, causation_id,
    traceparent, queue, occurred_at, due_at, routed_at)
SELECT tenant_id, name, version, aggregate, payload, correlation_id, causation_id, traceparent, queue, occurred_at,
    due_at, routed_at
FROM jsonb_populate_record(NULL::events_outboxevent, %(event)s::jsonb)
RETURNING id
"""

_ADD_DELIVERY = """
INSERT INTO events_delivery (tenant_id, event_id, subscriber, queue, aggregate, status, attempts, next_at, last_error)
SELECT tenant_id, %(event)s, subscriber, queue, aggregate, status, attempts, coalesce(next_at, now()), last_error
FROM jsonb_populate_record(NULL::events_delivery, %(delivery)s::jsonb)
ON CONFLICT (event_id, subscriber) DO UPDATE
    SET status = excluded.status, attempts = excluded.attempts, next_at = excluded.next_at, finished_at = NULL,
        hinted_at = NULL, last_error = excluded.last_error
    WHERE %(redeliver)s
"""

_UNROUTE = """
WITH deleted AS (DELETE FROM events_delivery WHERE event_id = %(event)s)
UPDATE events_outboxevent SET routed_at = NULL WHERE id = %(event)s
"""

_REMOVE = """
DELETE FROM events_delivery WHERE tenant_id = %(tenant)s AND status IN ('pending', 'dead');
DELETE FROM events_outboxevent e WHERE tenant_id = %(tenant)s AND (routed_at IS NULL OR due_at > now())
    AND NOT EXISTS (SELECT FROM events_delivery d WHERE d.event_id = e.id)
"""


def undelivered(cursor: Any, tenant_id: int) -> bytes:
    """One JSON document per line."""
    cursor.execute(_UNDELIVERED, {"tenant": tenant_id})
    return "".join(f"{line}\n" for (line,) in cursor.fetchall()).encode()


def count_due(cursor: Any, tenant_id: int) -> int:
    """How many events and deliveries are due now."""
    cursor.execute(_COUNT_DUE, {"tenant": tenant_id})
    return int(cursor.fetchone()[0])


def insert(lines: bytes, at: str, *, redeliver: bool = False) -> int:
    """Inserts exported events that are not in the outbox of that database yet. Returns how many were exported.

    redeliver  also deliver events again that were delivered after the export, as the restored tenant has lost them
    """
    exported = [json.loads(line) for line in lines.decode().splitlines()]
    alias = databases.at("owner", at)
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        for entry in exported:
            _insert(cursor, entry["event"], entry["deliveries"], redeliver=redeliver)
    return len(exported)


def remove(tenant_id: int, at: str) -> None:
    """Deletes the tenant's undelivered events in that database."""
    with connections[databases.at("owner", at)].cursor() as cursor:
        cursor.execute(_REMOVE, {"tenant": tenant_id})


def _insert(cursor: Any, event: dict[str, Any], deliveries: list[Any], *, redeliver: bool) -> None:
    parameters = {"event": json.dumps(event)}
    cursor.execute(_KNOWN, parameters)
    known = cursor.fetchone()
    if known is None:
        cursor.execute(_ADD_EVENT, parameters)
        (number,) = cursor.fetchone()
    else:
        (number,) = known
        if redeliver and event["routed_at"] is None:
            cursor.execute(_UNROUTE, {"event": number})
    for delivery in deliveries:
        cursor.execute(
            _ADD_DELIVERY, {"event": number, "delivery": json.dumps(delivery), "redeliver": redeliver}
        )
