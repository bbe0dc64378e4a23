"""The Celery application of the workers and beat."""

from __future__ import annotations

import os
import sys
from typing import Any

from celery import Celery, signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.dev")

app = Celery("bursar")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@signals.worker_init.connect
def make_a_place_for_the_dead(**_: Any) -> None:
    """On RabbitMQ: what was delivered too often goes there, and nobody consumes it."""
    from django.conf import settings

    if settings.DEAD_QUEUE is not None:
        with app.connection_for_write() as connection:
            settings.DEAD_QUEUE(connection.default_channel).declare()


@signals.before_task_publish.connect
def say_when_it_was_sent(headers: dict[str, Any], **_: Any) -> None:
    from apps.kernel import waiting

    waiting.stamp(headers)


@signals.task_prerun.connect
def note_how_long_it_waited(task: Any, **_: Any) -> None:
    from apps.kernel import waiting

    if queue := getattr(task, "queue_name", None):
        waiting.note(queue, getattr(task.request, "sent_at", None))


@signals.worker_process_shutdown.connect
def send_what_is_recorded(**_: Any) -> None:
    from apps.kernel import tracing

    tracing.flush()


@signals.worker_init.connect
def leave_payments_to_their_own(sender: Any, **_: Any) -> None:
    """Without -Q a worker takes all queues there are."""
    from apps.kernel import queues

    try:
        queues.must_not_hold_up_payments(sender.app.amqp.queues.consume_from)
    except queues.PaymentsWouldWait as refusal:
        sys.exit(str(refusal))


@signals.worker_init.connect
def start_safely_or_not_at_all(**_: Any) -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError

    from .startup import refuse_unsafe_settings

    try:
        refuse_unsafe_settings()
    except (ImproperlyConfigured, OperationalError) as faults:
        sys.exit(str(faults))  # Celery would log a mere exception and go on
