"""Sending of due notice deliveries, as the workers do it."""

from __future__ import annotations

from apps.notices import queries, tasks


def send_due_notices() -> None:
    """Send every due delivery in the current tenant."""
    for notice_id in queries.notices_with_due_deliveries():
        tasks.send.run(notice_id)
