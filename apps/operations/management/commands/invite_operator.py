"""`manage.py invite_operator EMAIL --name …`: the first operator of a new platform, and every later one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.bus import dispatch
from apps.console.terminal import BursarCommand, Output
from apps.identity import queries as identity
from apps.identity.commands import InviteOperator
from apps.kernel.actors import System


class Command(BursarCommand):
    help = "Make somebody an operator of the platform, who chooses a password by link."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", required=True)

    def run(self, *, email: str, name: str, **_: Any) -> Output:  # type: ignore[override]
        user = dispatch(InviteOperator(email=email, name=name), actor=System("The command line"))
        link = identity.invitation_link(user)
        return Output(
            f"{user} chooses a password here, once:\n{link}", {"id": user.pk, "invitation_link": link}
        )
