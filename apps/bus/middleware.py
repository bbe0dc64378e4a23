"""Middleware of all commands. The audit record is written by `apps.audit.middleware.record`."""

from __future__ import annotations

from typing import Any

from django.db import Error as DatabaseError

from apps.kernel.actors import Actor, impersonator
from apps.kernel.correlation import correlated
from apps.kernel.db.unit_of_work import in_unit_of_work, is_serialization_failure, unit_of_work
from apps.kernel.db.violations import refusal_behind
from apps.kernel.errors import Refusal
from apps.kernel.observability import metrics
from apps.kernel.observability.logs import log_context
from apps.kernel.observability.tracing import span
from apps.kernel.tenant import current_tenant

from .commands import Command
from .edits import locked_values, version_of
from .envelope import Envelope, Next
from .errors import EditedMeanwhile, NotAsSupport, PermissionDenied, PlatformOnly
from .registry import handled


def correlation(envelope: Envelope, next: Next) -> Any:
    """Gives the command and all its effects one correlation id."""
    with correlated():
        return next(envelope)


def observed(envelope: Envelope, next: Next) -> Any:
    """Counts, times and traces the command and adds its name to each log line. A dry run is not counted."""
    command = type(envelope.command)
    name, outcome = command.command_name(), "done"
    if envelope.is_dry_run:
        return next(envelope)
    try:
        with log_context(command=name), span(name):
            return next(envelope)
    except Refusal:
        outcome = "refused"
        raise
    except Exception:
        outcome = "failed"
        raise
    finally:
        metrics.COMMANDS.labels(command.app(), name, outcome).inc()
        metrics.COMMAND_SECONDS.labels(command.app(), name).observe(envelope.seconds)


def actor_must_be_allowed(command: type[Command], actor: Actor) -> None:
    """Raises PermissionDenied unless the actor has the command's permission, PlatformOnly inside a tenant for
    commands of the platform, and NotAsSupport for commands that an impersonator may not send."""
    if command.platform and (tenant := current_tenant()):
        raise PlatformOnly(title=command.title(), tenant=tenant)
    if not actor.has_perm(command.permission):
        raise PermissionDenied(actor=actor, title=command.title().lower(), permission=command.permission)
    if not command.by_support and (support := impersonator()):
        raise NotAsSupport(actor=actor, title=command.title().lower(), support=support)


def permission(envelope: Envelope, next: Next) -> Any:
    """Refuses an actor that may not send the command."""
    actor_must_be_allowed(type(envelope.command), envelope.actor)
    return next(envelope)


def atomic(envelope: Envelope, next: Next) -> Any:
    """Executes a command in one transaction. A constraint violation becomes the refusal of its rule; after a
    serialization failure the outermost command is retried.

    A long-running command (`atomic = False`) has no transaction of its own: each of its steps is a command.
    """
    try:
        return _whole(envelope, next) if envelope.command.atomic else _long_running(envelope, next)
    except DatabaseError as error:
        if is_serialization_failure(error) and envelope.nested:
            raise  # the outermost command retries
        if refusal := refusal_behind(error):
            raise refusal from error
        raise


def _whole(envelope: Envelope, next: Next) -> Any:
    waits = tuple(envelope.before_commit)

    def do() -> Any:
        """Each try starts without the state of an earlier one."""
        envelope.before_commit[:] = waits
        envelope.repeated, envelope.response = False, None
        for callback in envelope.anew:
            callback()
        result = next(envelope)
        _before_commit(envelope, result)
        return result

    return in_unit_of_work(do)


def _long_running(envelope: Envelope, next: Next) -> Any:
    result = next(envelope)
    with unit_of_work():
        _before_commit(envelope, result)
    return result


def _before_commit(envelope: Envelope, result: Any) -> None:
    for callback in envelope.before_commit:
        callback(result)


def version_of_edit(envelope: Envelope, next: Next) -> Any:
    """Raises EditedMeanwhile for an edit of a version that is no longer the present one. Locks what is edited."""
    command, edits = envelope.command, handled(type(envelope.command)).edits
    if envelope.version is not None and edits:
        values = locked_values(command, edits)
        if values is not None and version_of(values) != envelope.version:
            raise EditedMeanwhile(title=type(command).title())
    return next(envelope)
