"""Copies of notices, delivered as workers deliver them."""

from __future__ import annotations

from apps.notices import queries, tasks


def deliver() -> None:
    """What the workers do, of everything that is due in the current tenant."""
    for notice_id in queries.notices_with_due_copies():
        tasks.send.run(notice_id)
