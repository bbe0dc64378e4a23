"""Hints to a worker that a committed notice is due. Best effort: the sweep finds the same notices."""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerAway

from apps.kernel.correlation import carried
from apps.kernel.queues.tasks import PLATFORM
from apps.kernel.tenant import current_tenant

SEND = "notices.send"
QUEUE = "low"
log = logging.getLogger(__name__)


def after_commit(notice_id: int) -> None:
    transaction.on_commit(lambda: now(notice_id), robust=True)


def now(notice_id: int) -> None:
    """Sends the task by name, as `tasks` is a higher layer."""
    tenant = current_tenant()
    headers = {"tenant": tenant.id if tenant else PLATFORM, "sent_at": time.time(), **carried()}
    try:
        current_app.send_task(SEND, args=(notice_id,), queue=QUEUE, headers=headers, retry=False)
    except (OSError, BrokerAway) as error:
        log.warning("The hint about notice %s was not sent, the sweep will find it: %s", notice_id, error)
