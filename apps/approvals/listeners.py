"""The execution of approved commands."""

from __future__ import annotations

from apps.events import listens_to

from .events import ApprovalGranted
from .execution import execute


@listens_to(ApprovalGranted, own_transactions=True)
def execute_approved_command(event: ApprovalGranted) -> None:
    """Repeated after a crash, so an approved command is executed in the end, and once."""
    execute(event.request_id)
