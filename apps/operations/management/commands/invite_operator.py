"""`manage.py invite_operator EMAIL --name …`: invitation of an operator, including the first one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.bus import dispatch
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.identity.commands import InviteOperator


class Command(BursarCommand):
    help = "Invite an operator of the platform by e-mail."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", required=True)

    def run(self, *, email: str, name: str, **_: Any) -> Output:
        invitation = dispatch(InviteOperator(email=email, name=name), actor=SHELL)
        return Output(
            f"{name} is invited: an e-mail with a link is sent to {invitation.email}.",
            {"id": invitation.pk, "email": invitation.email, "expires_at": invitation.expires_at.isoformat()},
        )
