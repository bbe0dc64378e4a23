"""Hints: Celery messages that name due work, a row of a table, by its id.

Best effort: a sweep finds the same rows, so a lost or repeated hint costs only time.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from celery import current_app
from django.db import transaction

from apps.kernel.correlation import carried
from apps.kernel.tenant import current_tenant

from . import broker
from .policies import POLICIES
from .tenant_task import PLATFORM

BATCH_SIZE = 500
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Hint:
    """A task, its queue, and the id of a row. `context` is carried to the worker: correlation and trace."""

    task: str
    queue: str
    pk: int
    tenant_id: int | None
    context: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class HintedTask:
    """A task by its name, because tasks are in a higher layer than the code that hints them."""

    name: str
    queue: str

    def hint(self, *pks: int) -> None:
        """Sends hints in the current tenant."""
        tenant = current_tenant()
        tenant_id, context = tenant.id if tenant else None, carried()
        send([Hint(self.name, self.queue, pk, tenant_id, context) for pk in pks])

    def hint_after_commit(self, pk: int) -> None:
        transaction.on_commit(lambda: self.hint(pk), robust=True)


def send(hints: Sequence[Hint]) -> bool:
    """Sends the hints in batches. Returns False if the broker is unreachable or its response was lost."""
    if not hints:
        return True
    try:
        with broker.batch(BATCH_SIZE) as producer:
            for queue in {hint.queue for hint in hints}:
                producer.maybe_declare(current_app.amqp.queues[queue])
            for hint in hints:
                _send_one(producer, hint)
    except broker.errors() as error:
        log.warning("Hints were not sent, the sweep will repeat them: %s", error)
        return False
    return True


def _send_one(producer: Any, hint: Hint) -> None:
    policy = POLICIES[hint.queue]
    current_app.send_task(
        hint.task,
        args=(hint.pk,),
        queue=hint.queue,
        producer=producer,
        declare=(),  # once per queue, in `send`
        argsrepr=f"({hint.pk},)",
        kwargsrepr="{}",
        headers={"tenant": hint.tenant_id or PLATFORM, **hint.context},
        time_limit=policy.time_limit,
        soft_time_limit=policy.soft_time_limit,
    )
