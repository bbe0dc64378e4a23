"""The queues: their limits in one table, and the base classes of tasks, which determine the queue.

A task takes ids as arguments and runs for the tenant in its message header. Without that header it does not run.
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
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError as BrokerAway

from apps.kernel.availability import availability_of
from apps.kernel.clock import now
from apps.kernel.correlation import carried, correlated
from apps.kernel.errors import Invalid, Unavailable
from apps.kernel.observability.logs import log_context
from apps.kernel.observability.observation import observed_task
from apps.kernel.db.replica import read_your_writes
from apps.kernel.tenant import TenantInfo, activate, current_tenant, is_tenant_set

PLATFORM = "public"


@dataclass(frozen=True, slots=True)
class QueuePolicy:
    """`retries` after the first attempt; `time_limit` and `wait_alert` (the waiting time that raises an alert) in
    seconds."""

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
"""The limits of each queue."""
POOLS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "financial": ("financial",),
        "default": ("default",),
        "billing": ("billing",),
        "audit": ("audit", "low"),
    }
)
"""Worker pools and their queues. `financial` shares no pool with less urgent work."""


class PaymentsWouldWait(Invalid):
    message = _(
        "A worker for {queues} would delay payments behind other tasks. Start one worker for financial alone"
        " (-Q financial) and others for the other queues."
    )


def must_not_hold_up_payments(queues: Collection[str]) -> None:
    """Queues have no priority inside one worker, so `financial` needs its own workers. Raises PaymentsWouldWait."""
    if set(POOLS["financial"]) < {*queues}:
        raise PaymentsWouldWait(queues=", ".join(sorted(queues)))


TRANSIENT = (
    *(OperationalError, InterfaceError),  # PostgreSQL: an outage, a deadlock, a lock timeout
    *(ConnectionError, redis.ConnectionError, redis.TimeoutError, BrokerAway),
    SoftTimeLimitExceeded,  # the hard limit, ten seconds later, would end the task for good
)
"""Errors after which a task is retried."""
MAX_WAIT_S = 150
"""The broker redelivers a message that a worker holds for longer, so longer waits are stored in tables."""


class TaskWaitsTooLong(Invalid):
    message = _(
        "The task {task} cannot wait {seconds} s in the broker: store waits over {max_wait} s in a table."
    )


class TaskWithoutTenant(Unavailable):
    message = _("The task {task} has no tenant in its header and was not run.")


class TaskTenantUnknown(Unavailable):
    message = _("The task {task} is for tenant {tenant}, which does not exist, and was not run.")


class TaskTenantInactive(Ignore):
    """The tenant is closed at present. Not a failure: the message is acknowledged, and its work remains in a table."""


class TenantTask(Task):  # type: ignore[type-arg]
    """A task that runs for the tenant that sent it. `platform = True` marks a task of the platform itself.

    For a closed tenant the message is dropped without a retry: it is only a hint, and its work is stored in a table.
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
            raise TaskWaitsTooLong(task=self.name, seconds=round(seconds), max_wait=MAX_WAIT_S)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        # As before a request: otherwise Celery would reuse a broken connection.
        close_old_connections()
        with self._context():
            return super().__call__(*args, **kwargs)

    def _context(self) -> AbstractContextManager[Any]:
        """The contexts of the task; if the tenant is refused, those entered already are left."""
        header = self._header
        with ExitStack() as stack:
            if not is_tenant_set():  # a new thread of the worker; the platform loads the tenant
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
        """Celery puts custom headers on the request or under `headers`, depending on the kind of call."""
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
