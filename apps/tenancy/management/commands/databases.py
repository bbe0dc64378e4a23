"""`manage.py databases`: show the status of the databases, and change their capacity and admission."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from apps.bus import dispatch
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.kernel.notation.arguments import whole_number
from apps.tenancy.commands import ChangeDatabase
from apps.tenancy.errors import DatabaseUnknown
from apps.tenancy.placement import queries
from apps.tenancy.placement.queries import DatabaseStatus

HEADERS = (
    "database",
    "region",
    "state",
    "tenants",
    "capacity",
    "pinned",
    "spares",
    "lag s",
    "orphaned schemas",
)


class Command(BursarCommand):
    help = "Show tenants and free capacity by database; with a key and options, change that database."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("key", nargs="?", help="The key of a database.")
        parser.add_argument("--capacity", type=whole_number(), help="Maximum number of tenants.")
        parser.add_argument("--region", help="Its region.")
        admission = parser.add_mutually_exclusive_group()
        admission.add_argument("--open", action="store_true", help="Accept new tenants.")
        admission.add_argument("--close", action="store_true", help="Accept no new tenants.")
        parser.add_argument("--reason", default="", help="The reason, for the audit log.")

    def run(self, **options: Any) -> Output:
        key: str | None = options.pop("key")
        if key is not None:
            _change(_one(key), **options)
        statuses = [_one(key)] if key else queries.database_statuses()
        rows = [asdict(status) | {"free_capacity": status.free_capacity} for status in statuses]
        return Output(_table(statuses), {"databases": rows})


def _one(key: str) -> DatabaseStatus:
    """Raises DatabaseUnknown."""
    for status in queries.database_statuses():
        if status.key == key:
            return status
    raise DatabaseUnknown(key=key)


def _change(
    now: DatabaseStatus,
    *,
    capacity: int | None,
    region: str | None,
    open: bool,
    close: bool,
    reason: str,
    **_: Any,
) -> None:
    if capacity is None and region is None and not open and not close:
        return
    command = ChangeDatabase(
        key=now.key,
        capacity=now.capacity if capacity is None else capacity,
        region=now.region if region is None else region,
        accepts_new=open or (now.accepts_new and not close),
        reason=reason,
    )
    dispatch(command, actor=SHELL)


def _table(statuses: list[DatabaseStatus]) -> str:
    rows = [HEADERS, *(_row(status) for status in statuses)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADERS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(status: DatabaseStatus) -> tuple[str, ...]:
    state = status.last_error or (
        "FULL" if not status.free_capacity else "open" if status.accepts_new else "closed"
    )
    figures = (
        status.tenants,
        status.capacity,
        status.pinned,
        "-" if status.spares is None else status.spares,
    )
    lag = "-" if status.lag is None else f"{status.lag:.1f}"
    return (
        status.key,
        status.region or "-",
        state,
        *map(str, figures),
        lag,
        " ".join(status.orphaned_schemas) or "-",
    )
