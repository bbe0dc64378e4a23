"""Telling a worker to look, once what it shall find is committed. Best effort: the sweep finds the same."""

from __future__ import annotations

import logging
import time

from celery import current_app
from django.db import transaction
from kombu.exceptions import OperationalError as BrokerAway

from apps.kernel.correlation import carried
from apps.kernel.queues import PLATFORM
from apps.kernel.tenant import current_tenant

SEND = "notices.send"
QUEUE = "low"
log = logging.getLogger(__name__)


def after_commit(notice_id: int) -> None:
    transaction.on_commit(lambda: now(notice_id), robust=True)


def now(notice_id: int) -> None:
    """Sent by name, as tasks stand above whoever wakes them."""
    tenant = current_tenant()
    headers = {"tenant": tenant.id if tenant else PLATFORM, "sent_at": time.time(), **carried()}
    try:
        current_app.send_task(SEND, args=(notice_id,), queue=QUEUE, headers=headers, retry=False)
    except (OSError, BrokerAway) as error:
        log.warning("The hint about notice %s was not sent, the sweep will find it: %s", notice_id, error)
