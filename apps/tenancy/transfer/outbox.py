"""Events that not everybody has heard yet. They stand in public, beside other tenants', and go along with a tenant
that leaves its database: those that are told for later, and those that were given up and wait for an operator.
"""

from __future__ import annotations

import json
from typing import Any

from django.db import connections, transaction

from apps.kernel import databases

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
    traceparent, occurred_at, due_at, routed_at)
SELECT tenant_id, name, version, aggregate, payload, correlation_id, causation_id, traceparent, occurred_at, due_at,
    routed_at
FROM jsonb_populate_record(NULL::events_outboxevent, %(event)s::jsonb)
RETURNING id
"""

_ADD_DELIVERY = """
INSERT INTO events_delivery (tenant_id, event_id, subscriber, aggregate, status, attempts, next_at, last_error)
SELECT tenant_id, %(event)s, subscriber, aggregate, status, attempts, coalesce(next_at, now()), last_error
FROM jsonb_populate_record(NULL::events_delivery, %(delivery)s::jsonb)
ON CONFLICT (event_id, subscriber) DO UPDATE
    SET status = excluded.status, attempts = excluded.attempts, next_at = excluded.next_at, done_at = NULL,
        hinted_at = NULL, last_error = excluded.last_error
    WHERE %(anew)s
"""

_UNROUTE = """
WITH told AS (DELETE FROM events_delivery WHERE event_id = %(event)s)
UPDATE events_outboxevent SET routed_at = NULL WHERE id = %(event)s
"""

_REMOVE = """
DELETE FROM events_delivery WHERE tenant_id = %(tenant)s AND status IN ('pending', 'dead');
DELETE FROM events_outboxevent e WHERE tenant_id = %(tenant)s AND (routed_at IS NULL OR due_at > now())
    AND NOT EXISTS (SELECT FROM events_delivery d WHERE d.event_id = e.id)
"""


def undelivered(cursor: Any, tenant_id: int) -> bytes:
    """One JSON document a line."""
    cursor.execute(_UNDELIVERED, {"tenant": tenant_id})
    return "".join(f"{line}\n" for (line,) in cursor.fetchall()).encode()


def count_due(cursor: Any, tenant_id: int) -> int:
    """How many are still to be told now."""
    cursor.execute(_COUNT_DUE, {"tenant": tenant_id})
    return int(cursor.fetchone()[0])


def insert(lines: bytes, at: str, *, anew: bool = False) -> int:
    """Put them in the outbox of that database. What is there already is not put in again; `anew`: what was told since
    is told again, to a tenant that knows nothing of it any more. Returns how many events they are."""
    told = [json.loads(line) for line in lines.decode().splitlines()]
    alias = databases.at("owner", at)
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        for each in told:
            _insert(cursor, each["event"], each["deliveries"], anew=anew)
    return len(told)


def remove(tenant_id: int, at: str) -> None:
    """Nobody tells them there any more."""
    with connections[databases.at("owner", at)].cursor() as cursor:
        cursor.execute(_REMOVE, {"tenant": tenant_id})


def _insert(cursor: Any, event: dict[str, Any], deliveries: list[Any], *, anew: bool) -> None:
    said = {"event": json.dumps(event)}
    cursor.execute(_KNOWN, said)
    known = cursor.fetchone()
    if known is None:
        cursor.execute(_ADD_EVENT, said)
        (number,) = cursor.fetchone()
    else:
        (number,) = known
        if anew and event["routed_at"] is None:
            cursor.execute(_UNROUTE, {"event": number})
    for delivery in deliveries:
        cursor.execute(_ADD_DELIVERY, {"event": number, "delivery": json.dumps(delivery), "anew": anew})
