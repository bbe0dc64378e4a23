"""Commands executed by a worker: sent in the transaction of the current change, and executed once."""

from __future__ import annotations

import datetime as dt
import uuid

from apps.events import publish
from apps.kernel.actors import Actor, Support, acting, impersonated_by, impersonator
from apps.kernel.availability import must_write
from apps.kernel.db.unit_of_work import unit_of_work
from apps.kernel.errors import Refusal, Unavailable

from .commands import Command
from .dispatch import dispatch_once
from .errors import FeatureOff, NotAsSupport, PermissionDenied, RequestInFlight
from .events import CommandSent
from .fresh_authentication import must_be_fresh
from .plain import from_json, to_json
from .senders import actor_of


def dispatch_async(
    command: Command, *, actor: Actor | None = None, key: str = "", after: dt.timedelta | None = None
) -> str:
    """Execute the command on its queue, in the current tenant, for `actor` (default: the current actor), after the
    surrounding transaction commits. Returns the name of the sending.

    A repeated message has no further effect. A refusal goes to the audit log; a temporary failure is retried. Raises
    PermissionDenied, NotAsSupport, FreshAuthenticationNeeded or the refusal of a closed tenant at once.
    """
    chosen = actor or acting()
    if chosen is None:
        raise TypeError(f"The command '{command.english_title()}' has no actor: dispatch_async(…, actor=…).")
    if not chosen.has_perm(command.permission):
        raise PermissionDenied(actor=chosen, title=command.title().lower(), permission=command.permission)
    support = impersonator()
    if support and not command.by_support:
        raise NotAsSupport(actor=chosen, title=command.title().lower(), support=support)
    must_be_fresh(type(command), chosen)
    if not command.runs_while_closed:
        must_write()
    sending = uuid.uuid4().hex
    sent = CommandSent(
        sending=sending,
        **to_json(command),
        actor_id=chosen.pk,
        actor_name=str(chosen),
        key=key or sending,
        operator=support.operator if support else "",
        support_session=support.session_number if support else 0,
    )
    with unit_of_work():
        publish(sent, after=after, queue=command.queue)
    return sending


def do(sent: CommandSent) -> None:
    """A permanent refusal is recorded in the audit log and not retried; other errors are raised."""
    actor = actor_of(sent.actor_id, sent.actor_name)
    support = Support(sent.operator, sent.support_session) if sent.operator else None
    try:
        with impersonated_by(support):
            dispatch_once(
                from_json({"command": sent.command, "fields": sent.fields}), actor=actor, key=sent.key
            )
    except (Unavailable, RequestInFlight, FeatureOff):
        raise
    except Refusal:
        return
