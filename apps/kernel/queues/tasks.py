"""The base classes of tasks, one for each queue."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .policies import POLICIES
from .tenant_task import TenantTask


class DefaultTask(TenantTask, queue="default"):
    """General work."""

    abstract = True


class BillingTask(TenantTask, queue="billing"):
    """Subscription sync and webhooks."""

    abstract = True


class AuditTask(TenantTask, queue="audit"):
    """The audit log."""

    abstract = True


class LowTask(TenantTask, queue="low"):
    """Non-critical work, in the audit pool."""

    abstract = True


class AnyQueueTask(TenantTask, queue="default"):
    """Work whose sender chooses the queue, and with it the limits (`hints.py`)."""

    abstract = True

    def current_queue(self) -> str:
        """The last part of the routing key: RabbitMQ puts the delay of a retry before it."""
        delivery: Mapping[str, Any] = self.request.delivery_info or {}
        name = str(delivery.get("routing_key") or "").rpartition(".")[2]
        return name if name in POLICIES else self.queue_name

    def retry(self, *args: Any, **options: Any) -> Any:
        """In the same queue, as often as its policy allows."""
        queue = self.current_queue()
        limits = {"queue": queue, "routing_key": queue, "max_retries": POLICIES[queue].retries}
        return super().retry(*args, **{**limits, **options})


def route(name: str, args: Any, kwargs: Any, options: Any, task: Any = None, **_: Any) -> dict[str, str]:
    """Celery's router: a task goes to the queue of its base class."""
    return {"queue": getattr(task, "queue_name", "default")}
