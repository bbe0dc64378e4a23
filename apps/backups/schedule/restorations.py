"""Execution of requested restores and clones, by a process with the owner's credentials.

A row is claimed before the work and never returns to waiting, so a request that is delivered twice, or whose worker was
killed, replaces no data a second time. A restore in place destroys later changes, so a request that waited for long, or
whose tenant was renamed meanwhile, is not executed: another request has another confirmation.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import close_old_connections, transaction

from apps.backups.commands import CloneTenant, RestoreTenant
from apps.backups.models import Restoration
from apps.bus import dispatch
from apps.kernel import progress
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.kernel.db.locks import Lock, advisory_lock
from apps.kernel.db.retries import Backoff, claim
from apps.kernel.errors import sentence_of
from apps.kernel.tenant import activate
from apps.tenancy.models import Tenant

from .jobs import Percent

log = logging.getLogger("bursar.backups")
RESTORATION = Lock("restoration:{number}")
NEVER_AGAIN = Backoff((dt.timedelta(),), jitter=0)
MAX_WAIT = dt.timedelta(hours=1)
"""Of a request to replace data. Its confirmation covers the changes until then."""
EXPIRED = "The request waited for more than an hour, or its tenant was renamed. Nothing was replaced: request it again."
INTERRUPTED = "The restore worker was interrupted. Look at the tenant before you request the restore again."
CLOSED = (
    "The tenant is in maintenance, perhaps with incomplete data: request the same restore again, then end the"
    " maintenance mode."
)


def work(stopping: Callable[[], bool] = lambda: False) -> Iterator[str]:
    """Runs the waiting requests in their order. Several workers share them. Yields a line for each."""
    mark_interrupted()
    for number in Restoration.objects.waiting().order_by("pk").values_list("pk", flat=True):
        if stopping():
            return
        restoration = run(number)
        close_old_connections()  # broken ones, after a failure
        if restoration:
            yield f"{restoration}: {restoration.last_error or 'done'}."


def run(number: int) -> Restoration | None:
    """Runs a waiting request; None if it is not waiting any more. A failure is recorded in the row."""
    with _locked(number) as is_acquired:
        restoration = _claim(number) if is_acquired else None
        if restoration is not None and restoration.state == Restoration.State.RUNNING:
            _execute(restoration)
        return restoration


def mark_interrupted() -> None:
    """Marks running requests as failed if no process works on them."""
    for restoration in Restoration.objects.running():
        with _locked(restoration.pk) as is_acquired:
            restoration.refresh_from_db()
            if is_acquired and restoration.state == Restoration.State.RUNNING:
                _fail(restoration, INTERRUPTED)


@contextmanager
def _locked(number: int) -> Iterator[bool]:
    with activate(None), advisory_lock(RESTORATION.key(number=number)) as is_acquired:
        yield is_acquired


def _claim(number: int) -> Restoration | None:
    """Running afterwards, or failed if it is expired."""
    with transaction.atomic():
        restoration = claim(Restoration.objects.waiting().filter(pk=number))
        if restoration is not None and _is_expired(restoration):
            restoration.finish(Restoration.State.FAILED, EXPIRED)
        elif restoration is not None:
            restoration.start(NEVER_AGAIN)
            restoration.save(update_fields=["state", "begun_at", "attempts", "next_at"])
    return restoration


def _is_expired(restoration: Restoration) -> bool:
    if restoration.kind != Restoration.Kind.IN_PLACE:
        return False
    tenant = restoration.tenant
    is_renamed = bool(tenant and restoration.name and tenant.name != restoration.name)
    return is_renamed or now() - restoration.begun_at > MAX_WAIT


def _execute(restoration: Restoration) -> None:
    try:
        with progress.shown_by(Percent(restoration)):
            restoration.result = dispatch(_command_of(restoration), actor=_actor_of(restoration))
    except Exception as error:
        log.exception("The %s failed.", restoration)
        _fail(restoration, sentence_of(error))
    else:
        restoration.percent = 100
        restoration.finish(Restoration.State.DONE)


def _fail(restoration: Restoration, reason: str) -> None:
    """With what to do, if a restore in place left its tenant closed."""
    replaced = Tenant.objects.filter(pk=restoration.tenant_id or 0, mode=Tenant.Mode.MAINTENANCE)
    is_closed = restoration.kind == Restoration.Kind.IN_PLACE and replaced.exists()
    restoration.finish(Restoration.State.FAILED, f"{reason} {CLOSED}" if is_closed else reason)


def _command_of(restoration: Restoration) -> CloneTenant | RestoreTenant:
    if restoration.kind == Restoration.Kind.CLONE:
        return CloneTenant(
            tenant_id=restoration.tenant_id or 0,
            slug=restoration.slug,
            name=restoration.name,
            anonymise=restoration.anonymise,
        )
    return RestoreTenant(
        backup=str(restoration.backup_id or 0),
        slug=restoration.slug,
        name=restoration.name if restoration.slug else "",
        database=restoration.database,
        reason=restoration.reason,
    )


def _actor_of(restoration: Restoration) -> System:
    return System(f"Restore worker, for {restoration.requested_by}")
