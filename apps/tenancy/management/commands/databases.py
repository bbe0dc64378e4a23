"""`manage.py databases`: how the databases stand, which of them a tenant goes to, and how they are changed."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.core.management.base import CommandParser

from apps.bus import dispatch
from apps.console.terminal import BursarCommand, Output
from apps.kernel.actors import System
from apps.tenancy.commands import ChangeDatabase
from apps.tenancy.databases import queries
from apps.tenancy.databases.queries import Standing
from apps.tenancy.errors import DatabaseUnknown

SHELL = System("The command line")
HEADS = ("database", "region", "state", "tenants", "capacity", "pinned", "spares", "replica s", "left behind")


class Command(BursarCommand):
    help = "Say who lies where and what room is left; with a key and what should be otherwise, change it."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("key", nargs="?", help="One of them.")
        parser.add_argument("--capacity", type=int, help="How many tenants it may hold.")
        parser.add_argument("--region", help="Where it stands.")
        door = parser.add_mutually_exclusive_group()
        door.add_argument("--open", action="store_true", help="New tenants may come.")
        door.add_argument("--close", action="store_true", help="No new tenants come.")
        parser.add_argument("--reason", default="", help="Why; kept in the audit log.")

    def run(self, **options: Any) -> Output:
        key: str | None = options.pop("key")
        if key is not None:
            _change(_one(key), **options)
        found = [_one(key)] if key else queries.standings()
        return Output(_table(found), {"databases": [asdict(each) | {"room": each.room} for each in found]})


def _one(key: str) -> Standing:
    """Raises DatabaseUnknown."""
    for standing in queries.standings():
        if standing.key == key:
            return standing
    raise DatabaseUnknown(key=key)


def _change(
    now: Standing, *, capacity: int | None, region: str | None, open: bool, close: bool, reason: str, **_: Any
) -> None:
    if capacity is None and region is None and not open and not close:
        return
    wanted = ChangeDatabase(
        key=now.key,
        capacity=now.capacity if capacity is None else capacity,
        region=now.region if region is None else region,
        accepts_new=open or (now.accepts_new and not close),
        reason=reason,
    )
    dispatch(wanted, actor=SHELL)


def _table(found: list[Standing]) -> str:
    rows = [HEADS, *(_row(each) for each in found)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


def _row(each: Standing) -> tuple[str, ...]:
    state = each.last_error or ("FULL" if not each.room else "open" if each.accepts_new else "closed")
    figures = (each.tenants, each.capacity, each.pinned, "-" if each.spares is None else each.spares)
    lag = "-" if each.lag is None else f"{each.lag:.1f}"
    return (each.key, each.region or "-", state, *map(str, figures), lag, " ".join(each.left_behind) or "-")
