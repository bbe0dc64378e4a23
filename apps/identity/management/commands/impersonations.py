"""`manage.py impersonations [--open] [--end ID --reason …]`: which operator is or was which user of which tenant."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.bus import dispatch
from apps.console.terminal import BursarCommand, Output
from apps.identity.impersonation.commands import EndImpersonation
from apps.identity.models import Impersonation
from apps.kernel.actors import System

SHELL = System("The command line")


class Command(BursarCommand):
    help = "List the visits of support to tenants, newest first, or end one."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("--open", action="store_true", help="Only those that give access now.")
        parser.add_argument("--most", type=int, default=50)
        parser.add_argument("--end", type=int, metavar="ID", help="End this one.")
        parser.add_argument("--reason", default="", help="Why it is ended; kept in the audit log.")

    def run(self, *, end: int | None, reason: str, most: int, **options: Any) -> Output:  # type: ignore[override]
        if end is None:
            return _listed(options["open"], most)
        ended: Impersonation = dispatch(EndImpersonation(impersonation_id=end, reason=reason), actor=SHELL)
        return Output(f"The visit as {ended} is over.", _row(ended))


def _listed(only_open: bool, most: int) -> Output:
    found = Impersonation.objects.open() if only_open else Impersonation.objects.all()
    rows = [_row(each) for each in found.order_by("-id")[:most]]
    lines = [
        f"{row['id']:>6}  {row['asked_at']:%Y-%m-%d %H:%M}  {row['operator']} as {row['user']} at {row['tenant']}:"
        f" {row['reason']}  [{row['state']}]"
        for row in rows
    ]
    return Output("\n".join(lines) or "Nobody has entered a tenant.", {"impersonations": rows})


def _row(each: Impersonation) -> dict[str, Any]:
    return {
        "id": each.pk,
        "operator": each.operator_name,
        "tenant": each.tenant_name,
        "user": each.user_name,
        "reason": each.reason,
        "asked_at": each.asked_at,
        "entered_at": each.entered_at,
        "ends_at": each.ends_at,
        "ended_at": each.ended_at,
        "state": each.ending or ("inside" if each.entered_at else "ticket given"),
        "actions": each.actions,
    }
