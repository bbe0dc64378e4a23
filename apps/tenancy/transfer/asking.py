"""Whose backup is due, and that a worker hears of it.

What was asked for is a row that waits; a message is only a hint at it. So a hint that is lost costs a quarter of an
hour, one that comes twice is done once, and two who ask at the same time ask once.
"""

from __future__ import annotations

import datetime as dt
import logging

from celery import current_app
from django.db.models import Max, Q

from apps.kernel.clock import now
from apps.kernel.queues import PLATFORM
from apps.kernel.tenant import activate
from apps.kernel.transactions import alone
from apps.tenancy.fanout import broker_errors
from apps.tenancy.models import Tenant

from . import drilling, keeping, promises
from .models import Backup, Drill
from .policies import Policies

AGAIN = dt.timedelta(minutes=15)
"""After which one that failed is asked for again, and a worker is told again of one that waits."""
BACK_UP, DRILL, QUEUE = "tenancy.back_up", "tenancy.drill", "keeping"
log = logging.getLogger("bursar.backups")


def ask() -> int:
    """Note what was cut off, and ask for what is due. Returns how many backups that are."""
    with activate(None), alone("backups are asked for") as nobody_else:
        if not nobody_else:
            return 0
        keeping.note_all_cut_off()
        drilling.note_cut_off()
        asked = Backup.objects.bulk_create(
            [
                Backup(
                    tenant=each,
                    slug=each.slug,
                    kind=Backup.Kind.SCHEDULED,
                    state=Backup.State.WAITING,
                    begun_at=now(),
                )
                for each in due()
            ],
            ignore_conflicts=True,
        )
        drilling.ask()
    return len(asked)


def due() -> list[Tenant]:
    """Tenants whose last backup was begun too long ago, the longest first. What is archived does not change."""
    agreed, last = Policies(), _last_begun()
    busy = set(Backup.objects.at_work().values_list("tenant", flat=True))
    late = [
        each
        for each in promises.kept()
        if each.pk not in busy and _is_due(each, last.get(each.pk), agreed.of(each.pk).every)
    ]
    return sorted(late, key=lambda each: (last.get(each.pk) or each.created_at, each.pk))


def hint() -> int:
    """Tell workers of what waits, and of what they were told too long ago. Without a broker they are told later.
    Returns how many messages were sent."""
    told = 0
    with activate(None), alone("backups are hinted at") as nobody_else:
        for task, model in ((BACK_UP, Backup), (DRILL, Drill)) if nobody_else else ():
            untold = model.objects.waiting().filter(Q(hinted_at=None) | Q(hinted_at__lt=now() - AGAIN))
            for number in untold.order_by("begun_at", "pk").values_list("pk", flat=True):
                try:
                    _send(task, number)
                except broker_errors() as error:
                    log.warning("Backups wait for the broker: %s", error)
                    return told
                model.objects.filter(pk=number).update(hinted_at=now())
                told += 1
    return told


def _last_begun() -> dict[int, dt.datetime]:
    """By tenant. One that failed counts for a while."""
    counted = Backup.objects.filter(
        Q(state=Backup.State.DONE) | Q(state=Backup.State.FAILED, begun_at__gt=now() - AGAIN)
    )
    return dict(counted.values_list("tenant").annotate(Max("begun_at")).order_by())


def _is_due(tenant: Tenant, last: dt.datetime | None, every: dt.timedelta) -> bool:
    return last is None or (last < now() - every and not promises.holds_all(tenant, last))


def _send(task: str, number: int) -> None:
    current_app.send_task(
        task,
        args=[number],
        queue=QUEUE,
        expires=AGAIN.total_seconds(),
        headers={"tenant": PLATFORM},
        retry=False,
    )
