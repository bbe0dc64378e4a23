"""E-mails that a request starts, and the audit records of failed sign-ins."""

from __future__ import annotations

from celery import shared_task

from apps.bus import dispatch
from apps.identity import queries
from apps.identity.models import User
from apps.kernel.actors import System
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import AuditTask, DefaultTask

from . import failures, mails
from .commands import RecordFailedSignIns, RecordLockout

ACTOR = System("System (sign-in)")
UNKNOWN_ACCOUNTS = "unknown accounts"
OTHER_SOURCES = "other addresses"
RECORD_INTERVAL_S = 600


@shared_task(base=DefaultTask, name="identity.send_password_link")
def send_password_link(email: str) -> None:
    """Send a link to choose a password, to an active user only. A task, so that the response of the page takes equally
    long for an unknown address."""
    user = User.objects.with_email(email)
    if user is not None and user.is_active:
        mails.send_password_link(user)


@every(seconds=RECORD_INTERVAL_S, base=AuditTask, name="identity.record_failed_sign_ins")
def record_failed_sign_ins() -> None:
    """Write the audit records of failed sign-ins, one for each account, source and hour that is over."""
    for hour in failures.past_hours():
        for counter, count in failures.counters(hour):
            dispatch(_record_of(counter, hour, count), actor=ACTOR)
            failures.forget(hour, counter)
        failures.forget_hour(hour)


def _record_of(counter: failures.Counter, hour: int, count: int) -> RecordFailedSignIns | RecordLockout:
    with unit_of_work():
        user = queries.user_with_id(counter.user_id)
    command = RecordLockout if counter.locked_out else RecordFailedSignIns
    return command(
        user_id=counter.user_id,
        account=user.email if user else UNKNOWN_ACCOUNTS,
        source=counter.source or OTHER_SOURCES,
        hour=failures.start_of(hour),
        count=count,
    )
