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
def declare_dead_letter_queue(**_: Any) -> None:
    """On RabbitMQ, messages over the delivery limit go to this queue, which has no consumer."""
    from django.conf import settings

    if settings.DEAD_QUEUE is not None:
        with app.connection_for_write() as connection:
            settings.DEAD_QUEUE(connection.default_channel).declare()


@signals.before_task_publish.connect
def stamp_sending_time(headers: dict[str, Any], **_: Any) -> None:
    from apps.kernel.queues import wait_times

    wait_times.stamp(headers)


@signals.task_prerun.connect
def measure_waiting_time(task: Any, **_: Any) -> None:
    from apps.kernel.queues import wait_times

    if current_queue := getattr(task, "current_queue", None):
        wait_times.note(current_queue(), getattr(task.request, "sent_at", None))


@signals.worker_process_init.connect
def report_flags_of_worker(**_: Any) -> None:
    """Each process that executes tasks reports which flags it serves. Beat evaluates none: it has no database."""
    from apps.flags.store.processes import REPORTER

    from .keys.kinds import declared

    REPORTER.start(" and ".join(f"worker {kind}" for kind in sorted(declared())) or "worker")


@signals.worker_process_shutdown.connect
def end_report_of_flags(**_: Any) -> None:
    from apps.flags.store.processes import REPORTER

    REPORTER.stop()


@signals.worker_process_shutdown.connect
def flush_traces(**_: Any) -> None:
    from apps.kernel.observability import tracing

    tracing.flush()


@signals.worker_init.connect
def refuse_shared_payment_queue(sender: Any, **_: Any) -> None:
    """Stops a worker that would consume payments and another queue, as any worker without -Q would."""
    from apps.kernel.queues.policies import PaymentsWouldWait, must_not_hold_up_payments

    try:
        must_not_hold_up_payments(sender.app.amqp.queues.consume_from)
    except PaymentsWouldWait as refusal:
        sys.exit(str(refusal))


@signals.worker_init.connect
def stop_on_wrong_keys_and_unsafe_settings(sender: Any, **_: Any) -> None:
    from django.core.exceptions import ImproperlyConfigured
    from django.db import OperationalError

    from .keys.kinds import kinds_of_worker
    from .startup import refuse_unsafe_settings, refuse_wrong_keys

    try:
        refuse_wrong_keys(*kinds_of_worker(sender.app.amqp.queues.consume_from))
        refuse_unsafe_settings()
    except (ImproperlyConfigured, OperationalError) as error:
        sys.exit(str(error))  # Celery would log an exception and continue


@signals.beat_init.connect
def stop_beat_on_wrong_keys(**_: Any) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from .keys.kinds import Kind
    from .startup import refuse_wrong_keys

    try:
        refuse_wrong_keys(Kind.BEAT)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
