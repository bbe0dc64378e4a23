"""Read access to the audit log is itself recorded: one record for each access, in a retention class of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from apps.kernel.actors import Actor, actor_label, impersonator
from apps.kernel.correlation import causation_id, correlation_id

from . import sentences
from .models import Record

View = Literal["audit_log", "record", "history", "trace"]
READ, EXPORT = "audit.read_audit_log", "audit.export_audit_log"


def record_read(actor: Actor, filters: Mapping[str, Any], *, view: View = "audit_log") -> None:
    """`actor` viewed the audit log, or this part of it, through these filters."""
    _record(actor, READ, f"audit.read_{view}", {}, filters)


def record_export(actor: Actor, filters: Mapping[str, Any], *, form: str) -> None:
    """`actor` exported the audit log through these filters as a file."""
    _record(actor, EXPORT, EXPORT, {"form": form}, filters)


def _record(
    actor: Actor, command: str, template: str, arguments: sentences.Arguments, filters: Mapping[str, Any]
) -> None:
    request = {name: str(value) for name, value in filters.items() if value not in (None, "")}
    through = ", ".join(f"{name} {value}" for name, value in request.items())
    arguments = {"actor": actor_label(actor), **arguments, **({"filters": through} if through else {})}
    Record(
        command=command,
        outcome=Record.Outcome.DONE,
        sentence=sentences.Sentence(Record.Outcome.DONE, template, arguments).in_english,
        template=template,
        arguments=sentences.stored(arguments),
        actor_id=actor.pk,
        actor_name=str(actor),
        impersonator_name=str(impersonator() or ""),
        request=request,
        correlation_id=correlation_id() or "",
        causation_id=causation_id() or "",
    ).write()
