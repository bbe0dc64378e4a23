"""Commands that demand a fresh authentication: an open session is not enough for them.

A person is asked for the password again, by the console or by the problem of the API. A program cannot be asked, so it
is refused. Workers and the command line pass: a command is checked when it is sent to a worker, and access to the
command line is itself an authentication.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.urls import get_script_prefix

from apps.kernel.actors import Actor, System, impersonator
from apps.kernel.authentication import current_authentication
from apps.kernel.clock import now

from .commands import Command
from .envelope import Envelope, Next
from .errors import FreshAuthenticationNeeded, NotForPrograms


def fresh_authentication(envelope: Envelope, next: Next) -> Any:
    """Raises FreshAuthenticationNeeded, NotForPrograms."""
    must_be_fresh(type(envelope.command), envelope.actor)
    return next(envelope)


def must_be_fresh(command: type[Command], actor: Actor) -> None:
    """Raises FreshAuthenticationNeeded for a person, NotForPrograms. A support session passes: the permission of the
    command refuses it."""
    authentication, limit_s = current_authentication(), command.fresh_authentication_s
    if limit_s is None or authentication is None or isinstance(actor, System) or impersonator():
        return
    if not authentication.is_person:
        raise NotForPrograms(actor=actor, title=command.title().lower())
    if authentication.at is None or now() - authentication.at > dt.timedelta(seconds=limit_s):
        raise FreshAuthenticationNeeded(
            title=command.title().lower(),
            minutes=limit_s // 60,
            max_age_s=limit_s,
            reauthenticate=get_script_prefix().rstrip("/") + settings.REAUTHENTICATION_ENDPOINT,
        )
