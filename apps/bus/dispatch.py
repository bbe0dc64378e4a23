"""Dispatch: the only entry point for changes.

settings.BUS_MIDDLEWARE lists the middleware, outermost first:
correlation → normal texts → observation → record → permission → refusal of texts → fresh authentication →
availability → gate → printed text → transaction → approval → idempotency → version of an edit → handler.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection, transaction
from django.utils.module_loading import import_string

from apps.events import emitting_only
from apps.kernel.actors import Actor, acting_as
from apps.kernel.db.violations import refusal_behind
from apps.kernel.errors import Refusal

from .commands import Command
from .envelope import Envelope, Middleware, Next, current_envelope
from .registry import handled


def dispatch(command: Command, *, actor: Actor | None = None, version: str | None = None) -> Any:
    """Execute the command for `actor` and return the result of its handler.

    Raises a Refusal when a rule, a permission or the database refuses; then only the audit record remains. Inside a
    handler `actor` defaults to that of the outer command. The outermost dispatch opens the transaction; a nested one
    joins it, so that both commit or roll back together. With `version`, an edit of another version is refused.
    """
    envelope = _envelope(command, actor)
    envelope.version = version
    return _send(envelope)


@dataclass(frozen=True)
class Outcome:
    """The outcome of a request; with `repeated`, that of its first execution."""

    result: Any
    response: Any
    repeated: bool


def dispatch_once(
    command: Command,
    *,
    actor: Actor | None = None,
    key: str,
    version: str | None = None,
    render_response: Callable[[Any], Any] | None = None,
) -> Outcome:
    """Execute the command unless `actor` did so under `key` before; then return the first result and response.

    `render_response` makes the response (JSON values) of the result, inside the transaction. Raises KeyReused when the
    key belongs to another request, RequestInFlight while the first one runs.
    """
    envelope = _envelope(command, actor)
    envelope.key, envelope.version, envelope.render_response = key, version, render_response
    result = _send(envelope)
    return Outcome(result, envelope.response, envelope.repeated)


def dry_run(command: Command, *, actor: Actor | None = None, version: str | None = None) -> Sequence[Refusal]:
    """Execute the command, roll it back, and return every refusal; none means that it would succeed."""
    envelope = _envelope(command, actor)
    envelope.is_dry_run, envelope.version = True, version
    try:
        with transaction.atomic():
            _send(envelope)
            _check_deferred_constraints()
            transaction.set_rollback(True)
    except Refusal as refusal:
        return refusal.refusals
    return ()


@dataclass(frozen=True)
class Trial:
    """What a command would do: the description of its result, or its refusals."""

    description: str
    refusals: Sequence[Refusal] = ()


def dry_run_in_order(
    commands: Sequence[Command], *, actor: Actor, describe: Callable[[Any], str]
) -> Sequence[Trial]:
    """Execute the commands one after the other, each on what the earlier ones changed, and roll all of them back.

    `describe` makes the description of a result before the rollback.
    """
    with transaction.atomic():
        trials = [_trial(command, actor, describe) for command in commands]
        transaction.set_rollback(True)
    return trials


def _trial(command: Command, actor: Actor, describe: Callable[[Any], str]) -> Trial:
    envelope = _envelope(command, actor)
    envelope.is_dry_run = True
    try:
        with transaction.atomic():
            result = _send(envelope)
            _check_deferred_constraints()
            with connection.cursor() as cursor:
                cursor.execute("SET CONSTRAINTS ALL DEFERRED")  # for the next command
            return Trial(describe(result))
    except Refusal as refusal:
        return Trial("", refusal.refusals)


def _envelope(command: Command, actor: Actor | None) -> Envelope:
    outer = current_envelope.get()
    chosen = actor or (outer.actor if outer else None)
    if chosen is None:
        raise TypeError(f"The command '{type(command).english_title()}' has no actor: dispatch(…, actor=…).")
    return Envelope(
        command=command,
        actor=chosen,
        is_dry_run=bool(outer and outer.is_dry_run),
        nested=outer is not None,
    )


def _send(envelope: Envelope) -> Any:
    token = current_envelope.set(envelope)
    try:
        with acting_as(envelope.actor):
            return _pipeline()(envelope)
    finally:
        current_envelope.reset(token)


@cache
def _pipeline() -> Next:
    step: Next = _handle
    for path in reversed(settings.BUS_MIDDLEWARE):
        middleware: Middleware = import_string(path)
        step = partial(middleware, next=step)
    return step


def _handle(envelope: Envelope) -> Any:
    entry = handled(type(envelope.command))
    handler = entry.dry_run if envelope.is_dry_run and entry.dry_run else entry.handler
    with emitting_only(entry.emits):
        return handler(envelope.command)


def _check_deferred_constraints() -> None:
    """Checks constraints that are deferred to the commit."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except DatabaseError as error:
        if refusal := refusal_behind(error):
            raise refusal from error
        raise
