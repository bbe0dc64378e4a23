"""The four queues: their limits in one frozen table, and the base classes that give a task its queue.

A task takes ids, works for the tenant named in its message header, and fails closed without one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, ClassVar

import redis
from celery import Task
from celery.exceptions import Ignore, SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils.module_loading import import_string
from kombu.exceptions import OperationalError as BrokerAway

from .availability import availability_of
from .clock import now
from .correlation import carried, correlated
from .errors import Invalid, Unavailable
from .logs import log_context
from .observation import observed_task
from .replica import read_your_writes
from .tenant import TenantInfo, activate, current_tenant, is_tenant_set

PLATFORM = "public"


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """`retries` after the first try, `time_limit` and `wait_alert` in seconds (decision C5)."""

    retries: int
    time_limit: int
    wait_alert: int

    @property
    def soft_time_limit(self) -> int:
        return self.time_limit - 10


POLICIES: Mapping[str, QueuePolicy] = MappingProxyType(
    {
        "financial": QueuePolicy(retries=2, time_limit=90, wait_alert=30),
        "default": QueuePolicy(retries=3, time_limit=60, wait_alert=60),
        "billing": QueuePolicy(retries=3, time_limit=90, wait_alert=90),
        "audit": QueuePolicy(retries=3, time_limit=60, wait_alert=120),
        "low": QueuePolicy(retries=3, time_limit=120, wait_alert=120),
    }
)
"""What each queue allows; nothing else says it."""
POOLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "financial": ("financial",),
        "default": ("default",),
        "billing": ("billing",),
        "audit": ("audit", "low"),
    }
)
"""One worker pool each; `financial` never shares one with lower work."""


class PaymentsWouldWait(Invalid):
    message = (
        "This worker would take {queues}: payments would wait behind lower work. Start one for financial alone"
        " (-Q financial) and others for the rest."
    )


def must_not_hold_up_payments(queues: Collection[str]) -> None:
    """Inside one worker no queue has precedence, so `financial` has workers of its own. Raises PaymentsWouldWait."""
    if set(POOLS["financial"]) < {*queues}:
        raise PaymentsWouldWait(queues=", ".join(sorted(queues)))


TRANSIENT = (
    *(OperationalError, InterfaceError),  # PostgreSQL: away, a deadlock, a lock that took too long
    *(ConnectionError, redis.ConnectionError, redis.TimeoutError, BrokerAway),
    SoftTimeLimitExceeded,  # the hard limit, ten seconds later, would end the task for good
)
"""What may go well the next time, and nothing else is tried again."""
MAX_WAIT_S = 150
"""Seconds. A message that is held too long is given to another worker as well, so longer waits stand in tables."""


class TaskWaitsTooLong(Invalid):
    message = (
        "The task {task} would wait {seconds} s in the broker; longer than {longest} s stands in a table."
    )


class TaskWithoutTenant(Unavailable):
    message = "The task {task} names no tenant in its header, so it was not run."


class TaskTenantUnknown(Unavailable):
    message = "The task {task} is for tenant {tenant}, which is not served, so it was not run."


class TaskTenantInactive(Ignore):
    """For a tenant that is closed just now. No failure: the message is done with, and nothing is lost by it."""


class TenantTask(Task):  # type: ignore[type-arg]
    """Runs for the tenant that sent it. `platform = True` marks a task of the platform itself.

    For a tenant that is closed it is not run, and nobody asks again for this message: it was a hint, and what it hinted
    at stands in a table.
    """

    abstract = True
    queue_name: ClassVar[str]
    platform: ClassVar[bool] = False
    autoretry_for = TRANSIENT
    retry_backoff = 5
    retry_backoff_max = 120
    retry_jitter = True
    throws = (Unavailable,)

    def apply_async(self, *args: Any, headers: dict[str, Any] | None = None, **options: Any) -> Any:
        """Raises TaskWaitsTooLong."""
        self._refuse_to_wait(options.get("countdown"), options.get("eta"))
        return super().apply_async(*args, headers=self.sender() | (headers or {}), **options)

    def sender(self) -> dict[str, Any]:
        """The headers that carry the sender's context to the worker."""
        tenant = None if self.platform else current_tenant()
        return {"tenant": tenant.id if tenant else PLATFORM, **carried()}

    def _refuse_to_wait(self, countdown: float | None, eta: dt.datetime | None) -> None:
        seconds = (eta - now()).total_seconds() if eta else countdown or 0
        if seconds > MAX_WAIT_S:
            raise TaskWaitsTooLong(task=self.name, seconds=round(seconds), longest=MAX_WAIT_S)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # As before a request: Celery would keep a connection that broke with the server for a thousand tasks.
        close_old_connections()
        with self._context():
            return super().__call__(*args, **kwargs)

    def _context(self) -> AbstractContextManager[Any]:
        """All of it or, where the tenant is refused, nothing that stays behind."""
        header = self._header
        with ExitStack() as stack:
            if not is_tenant_set():  # a worker's thread, in which the platform looks for the tenant
                stack.enter_context(activate(None))
            stack.enter_context(
                correlated(
                    header("correlation_id"), causation=header("causation_id"), trace=header("traceparent")
                )
            )
            stack.enter_context(activate(self._tenant()))
            stack.enter_context(read_your_writes())
            stack.enter_context(log_context(task=self.name))
            stack.enter_context(
                observed_task(
                    self.name, self.queue_name, sent_at=header("sent_at"), tries=self.request.retries
                )
            )
            return stack.pop_all()

    def _tenant(self) -> TenantInfo | None:
        named = self._header("tenant")
        if named is None:
            raise TaskWithoutTenant(task=self.name)
        if named == PLATFORM:
            return None
        tenant: TenantInfo | None = import_string(settings.TENANT_BY_ID)(int(named))
        if tenant is None:
            raise TaskTenantUnknown(task=self.name, tenant=named)
        if not availability_of(tenant).works:
            raise TaskTenantInactive(f"{tenant} is closed just now.")
        return tenant

    def _header(self, name: str) -> Any:
        """Celery puts custom headers on the request, or under `headers`, depending on how it was called."""
        return getattr(self.request, name, None) or (self.request.headers or {}).get(name)


def _base(queue: str) -> dict[str, Any]:
    policy = POLICIES[queue]
    return {
        "queue_name": queue,
        "max_retries": policy.retries,
        "time_limit": policy.time_limit,
        "soft_time_limit": policy.soft_time_limit,
    }


class FinancialTask(TenantTask):
    """Payment confirmation, refund ledger, order lock."""

    abstract = True
    locals().update(_base("financial"))


class DefaultTask(TenantTask):
    """General work."""

    abstract = True
    locals().update(_base("default"))


class BillingTask(TenantTask):
    """Subscription sync and webhooks."""

    abstract = True
    locals().update(_base("billing"))


class AuditTask(TenantTask):
    """The audit log."""

    abstract = True
    locals().update(_base("audit"))


class LowTask(TenantTask):
    """Non-critical work, in the audit pool."""

    abstract = True
    locals().update(_base("low"))


def route(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **_: Any) -> dict[str, str]:
    """Celery's router: a task goes to the queue of its base class."""
    return {"queue": getattr(task, "queue_name", "default")}
