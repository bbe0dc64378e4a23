"""Hints to workers after a commit. Best effort: the sweep repeats them."""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerAway

from apps.kernel.correlation import carried
from apps.kernel.queues.tasks import PLATFORM
from apps.kernel.tenant import current_tenant

SEND, PROCESS = "webhooks.send", "webhooks.process"
QUEUE = "billing"
log = logging.getLogger(__name__)


def after_commit(task: str, pk: int) -> None:
    transaction.on_commit(lambda: now(task, pk), robust=True)


def now(task: str, pk: int) -> None:
    """Sends by task name, because tasks are in a higher layer."""
    tenant = current_tenant()
    headers = {"tenant": tenant.id if tenant else PLATFORM, "sent_at": time.time(), **carried()}
    try:
        current_app.send_task(task, args=(pk,), queue=QUEUE, headers=headers, retry=False)
    except (OSError, BrokerAway) as error:
        log.warning("The hint %s %s was not sent, the sweep will repeat it: %s", task, pk, error)
