"""What the database knows and Prometheus asks for: what waits, how long, and what was given up."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator

from django.db import Error as DatabaseError
from django.db import connection, transaction
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from apps.kernel import databases
from apps.kernel.metrics import Gauge
from apps.kernel.tenant import at_database

PATIENCE = "1s"
"""A scrape must never weigh on a database that is in trouble."""
LABELS = ("module", "subscriber")
ANSWERS = Gauge("bursar_database_answers", "1 while the database answers in time.")
UNROUTED = Gauge("bursar_outbox_unrouted", "Events that no relay has carried yet.")
UNROUTED_AGE = Gauge("bursar_outbox_unrouted_age_seconds", "The oldest of them.")
PENDING = Gauge("bursar_deliveries_pending", "Deliveries that wait to be heard.", LABELS)
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


class Waiting(Collector):
    """Read at each scrape, and left out where the database is away or busy."""

    def collect(self) -> Iterator[Metric]:
        up = ANSWERS.read(1)
        try:
            found = list(_read())
        except DatabaseError as error:
            log.warning("The database did not answer the scrape: %s", error)
            up.samples.clear()
            up.add_metric((), 0)
            found = []
        yield up
        yield from found


def _read() -> Iterator[Metric]:
    """Of all databases together: there is an outbox in each."""
    unrouted, age = 0, 0.0
    rows: dict[str, tuple[int, float, int]] = defaultdict(lambda: (0, 0.0, 0))
    for key in databases.known():
        with at_database(key), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL statement_timeout = '{PATIENCE}'")
            cursor.execute(_OUTBOX)
            count, oldest_there = cursor.fetchone()
            unrouted, age = unrouted + count, max(age, float(oldest_there))
            cursor.execute(_DELIVERIES)
            for subscriber, waiting, seconds, given_up in cursor.fetchall():
                before = rows[subscriber]
                rows[subscriber] = (before[0] + waiting, max(before[1], float(seconds)), before[2] + given_up)
    yield UNROUTED.read(unrouted)
    yield UNROUTED_AGE.read(age)
    pending = PENDING.read()
    oldest = PENDING_AGE.read()
    dead = DEAD.read()
    for subscriber, (waiting, seconds, given_up) in rows.items():
        labels = (subscriber.split(".", maxsplit=1)[0], subscriber)
        pending.add_metric(labels, waiting)
        oldest.add_metric(labels, seconds)
        dead.add_metric(labels, given_up)
    yield from (pending, oldest, dead)
