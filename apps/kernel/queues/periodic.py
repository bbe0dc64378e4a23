"""Scheduled tasks: declared by the app that runs them, sent by `apps.tenancy.fanout`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from celery import Task, shared_task

from .tenant_task import TenantTask

Where = Literal["everywhere", "tenants", "platform"]
MIN_INTERVAL_S = 5


@dataclass(frozen=True, slots=True)
class Periodic:
    """A task without arguments, sent in each slot of `seconds` to each tenant, to the platform, or to both."""

    task: str
    seconds: int
    queue: str
    where: Where

    def slot(self, instant: dt.datetime) -> dt.datetime:
        """The start of the slot that contains `instant`. Slots are the same in every process."""
        return dt.datetime.fromtimestamp(instant.timestamp() // self.seconds * self.seconds, dt.UTC)


PERIODIC: dict[str, Periodic] = {}


def every(
    *, seconds: int, base: type[TenantTask], name: str, where: Where = "everywhere"
) -> Callable[[Callable[[], Any]], Task[..., Any]]:
    """Makes a Celery task of the function, due once in each slot. It must be idempotent."""
    if seconds < MIN_INTERVAL_S:
        raise ValueError(f"{name} cannot run more often than every {MIN_INTERVAL_S} s.")

    def declare(function: Callable[[], Any]) -> Task[..., Any]:
        if name in PERIODIC:
            raise TypeError(f"There is already a periodic task {name}.")
        PERIODIC[name] = Periodic(name, seconds, base.queue_name, where)
        return shared_task(base=base, name=name, platform=where == "platform")(function)

    return declare
