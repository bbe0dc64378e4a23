"""The base of all tasks: the tenant, correlation and limits of one run.

A task takes ids as arguments and runs for the tenant in its message header. Without that header it does not run.
"""

from __future__ import annotations

import datetime as dt
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, ClassVar

import redis
from celery import Task
from celery.exceptions import Ignore, SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from kombu.exceptions import OperationalError as BrokerAway

from apps.kernel import features
from apps.kernel.availability import availability_of
from apps.kernel.clock import now
from apps.kernel.correlation import carried, correlated
from apps.kernel.db.replica import read_your_writes
from apps.kernel.errors import Invalid, Unavailable
from apps.kernel.features import DeclaredFlag
from apps.kernel.observability.logs import log_context
from apps.kernel.observability.observation import observed_task
from apps.kernel.tenant import TenantInfo, activate, current_tenant, is_tenant_set

from .policies import POLICIES

PLATFORM = "public"
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


if TYPE_CHECKING:
    CeleryTask = Task[..., Any]
else:
    CeleryTask = Task  # takes no parameters at runtime


class TaskFlagOff(Ignore):
    """The flag of the task is off for the tenant. Not a failure: the message is acknowledged, and not repeated."""


class TenantTask(CeleryTask):
    """A task that runs for the tenant that sent it. `platform = True` marks a task of the platform itself.

    While its `flag` is off for the tenant, it does nothing.

    For a closed tenant the message is dropped without a retry: it is only a hint, and its work is stored in a table.
    """

    abstract = True
    queue_name: ClassVar[str]
    platform: ClassVar[bool] = False
    flag: ClassVar[DeclaredFlag[bool] | None] = None
    autoretry_for = TRANSIENT
    retry_backoff = 5
    retry_backoff_max = 120
    retry_jitter = True
    throws = (Unavailable,)

    def __init_subclass__(cls, queue: str = "", **kwargs: Any) -> None:
        """`queue` sets the queue of a base class, and the limits of its policy."""
        super().__init_subclass__(**kwargs)
        if queue:
            policy = POLICIES[queue]
            cls.queue_name, cls.max_retries = queue, policy.retries
            cls.time_limit, cls.soft_time_limit = policy.time_limit, policy.soft_time_limit

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
            if self.flag is not None and not features.is_on(self.flag):
                raise TaskFlagOff(f"The flag {self.flag.key} is off.")
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
                    self.name, self.current_queue(), sent_at=header("sent_at"), tries=self.request.retries
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

    def current_queue(self) -> str:
        """The queue of the running message."""
        return self.queue_name

    def _header(self, name: str) -> Any:
        """Celery puts custom headers on the request or under `headers`, depending on the kind of call."""
        return getattr(self.request, name, None) or (self.request.headers or {}).get(name)
