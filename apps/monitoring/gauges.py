"""Gauges read from the database during a scrape: backlog, age and dead letters."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator

from django.db import Error as DatabaseError
from django.db import connection, transaction
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from apps.kernel.db import databases
from apps.kernel.observability.metrics import Gauge
from apps.kernel.tenant import at_database

STATEMENT_TIMEOUT = "1s"
"""PostgreSQL's statement_timeout: a scrape must not slow down an overloaded database."""
LABELS = ("module", "subscriber")
DATABASE_UP = Gauge("bursar_database_up", "1 while the database responds in time.")
UNROUTED = Gauge("bursar_outbox_unrouted", "Events that are not routed yet.")
UNROUTED_AGE = Gauge("bursar_outbox_unrouted_age_seconds", "The oldest of them.")
PENDING = Gauge("bursar_deliveries_pending", "Pending deliveries.", LABELS)
PENDING_AGE = Gauge("bursar_deliveries_pending_age_seconds", "The oldest of them.", LABELS)
DEAD = Gauge("bursar_deliveries_dead", "Dead letters.", LABELS)
log = logging.getLogger(__name__)

_OUTBOX = """
SELECT count(*), coalesce(extract(epoch FROM now() - min(occurred_at)), 0)
FROM events_outboxevent WHERE routed_at IS NULL
"""
_DELIVERIES = """
SELECT delivery.subscriber,
       count(*) FILTER (WHERE delivery.status = 'pending'),
       coalesce(extract(epoch FROM now() - min(event.occurred_at) FILTER (WHERE delivery.status = 'pending')), 0),
       count(*) FILTER (WHERE delivery.status = 'dead')
FROM events_delivery AS delivery JOIN events_outboxevent AS event ON event.id = delivery.event_id
WHERE delivery.status IN ('pending', 'dead') GROUP BY 1
"""


class DatabaseCollector(Collector):
    """Reads the gauges at each scrape. If a database does not respond in time, the scrape has one gauge:
    `bursar_database_up` with the value 0."""

    def collect(self) -> Iterator[Metric]:
        up = DATABASE_UP.read(1)
        try:
            gauges = list(_read())
        except DatabaseError as error:
            log.warning("The database did not respond to the scrape: %s", error)
            up.samples.clear()
            up.add_metric((), 0)
            gauges = []
        yield up
        yield from gauges


def _read() -> Iterator[Metric]:
    """The sums over the outboxes of all databases."""
    unrouted, age = 0, 0.0
    rows: dict[str, tuple[int, float, int]] = defaultdict(lambda: (0, 0.0, 0))
    for key in databases.known():
        with at_database(key), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'")
            cursor.execute(_OUTBOX)
            count, oldest_s = cursor.fetchone()
            unrouted, age = unrouted + count, max(age, float(oldest_s))
            cursor.execute(_DELIVERIES)
            for subscriber, waiting, seconds, dead_letters in cursor.fetchall():
                before = rows[subscriber]
                rows[subscriber] = (
                    before[0] + waiting,
                    max(before[1], float(seconds)),
                    before[2] + dead_letters,
                )
    yield UNROUTED.read(unrouted)
    yield UNROUTED_AGE.read(age)
    pending = PENDING.read()
    oldest = PENDING_AGE.read()
    dead = DEAD.read()
    for subscriber, (waiting, seconds, dead_letters) in rows.items():
        labels = (subscriber.split(".", maxsplit=1)[0], subscriber)
        pending.add_metric(labels, waiting)
        oldest.add_metric(labels, seconds)
        dead.add_metric(labels, dead_letters)
    yield from (pending, oldest, dead)
