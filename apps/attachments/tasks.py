"""The sweep of contents without an attachment."""

from __future__ import annotations

from apps.kernel.queues.periodic import every
from apps.kernel.queues.tasks import LowTask

from . import contents


@every(seconds=24 * 3600, base=LowTask, name="attachments.sweep", where="tenants")
def sweep() -> None:
    contents.sweep()
