"""`manage.py invite_operator EMAIL --name …`: invitation of an operator, including the first one."""

from __future__ import annotations

from typing import Any

from django.core.management.base import CommandParser

from apps.bus import dispatch
from apps.console.terminal import SHELL, BursarCommand, Output
from apps.identity import queries as identity
from apps.identity.commands import InviteOperator


class Command(BursarCommand):
    help = "Invite an operator of the platform, by a one-time link to choose a password."

    def options(self, parser: CommandParser) -> None:
        parser.add_argument("email", metavar="EMAIL")
        parser.add_argument("--name", required=True)

    def run(self, *, email: str, name: str, **_: Any) -> Output:
        user = dispatch(InviteOperator(email=email, name=name), actor=SHELL)
        link = identity.invitation_link(user)
        return Output(
            f"One-time link for {user} to choose a password:\n{link}",
            {"id": user.pk, "invitation_link": link},
        )
