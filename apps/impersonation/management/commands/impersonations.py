"""`manage.py impersonations [--open] [--end ID --reason …]`: support access to tenants."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.bus import dispatch
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.impersonation.commands import EndImpersonation
from apps.impersonation.models import Impersonation
from apps.kernel.notation.arguments import whole_number


class Command(BursarCommand):
    help = "List support sessions, newest first, or end one."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("--open", action="store_true", help="Only those that grant access now.")
        parser.add_argument("--limit", type=whole_number(lowest=1), default=50)
        parser.add_argument("--end", type=whole_number(), metavar="ID", help="End this session.")
        parser.add_argument("--reason", default="", help="The reason for the audit log.")

    def run(self, *, end: int | None, reason: str, limit: int, **options: Any) -> Output:
        if end is None:
            return _listed(options["open"], limit)
        ended: Impersonation = dispatch(EndImpersonation(impersonation_id=end, reason=reason), actor=SHELL)
        return Output(f"The support session as {ended} has ended.", _row(ended))


def _listed(only_open: bool, limit: int) -> Output:
    impersonations = Impersonation.objects.open() if only_open else Impersonation.objects.all()
    rows = [_row(impersonation) for impersonation in impersonations.order_by("-id")[:limit]]
    lines = [
        f"{row['id']:>6}  {row['requested_at']:%Y-%m-%d %H:%M}  {row['operator']} as {row['user']} at {row['tenant']}:"
        f" {row['reason']}  [{row['state']}]"
        for row in rows
    ]
    return Output("\n".join(lines) or "There are no support sessions.", {"impersonations": rows})


def _row(impersonation: Impersonation) -> dict[str, Any]:
    return {
        "id": impersonation.pk,
        "operator": impersonation.operator_name,
        "tenant": impersonation.tenant_name,
        "user": impersonation.user_name,
        "reason": impersonation.reason,
        "requested_at": impersonation.requested_at,
        "entered_at": impersonation.entered_at,
        "ends_at": impersonation.ends_at,
        "ended_at": impersonation.ended_at,
        "state": impersonation.ending or ("open" if impersonation.entered_at else "ticket issued"),
        "actions": impersonation.actions,
    }
