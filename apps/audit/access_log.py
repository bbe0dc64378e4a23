"""Read access to the audit log is itself recorded: one record for each access, in a retention class of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.kernel.actors import Actor, actor_label, impersonator
from apps.kernel.clock import now
from apps.kernel.correlation import causation_id, correlation_id

from .models import Record


def record_read(actor: Actor, filters: Mapping[str, Any], *, at: str = "the audit log") -> None:
    """`actor` viewed the audit log through these filters."""
    _record(actor, "audit.read_audit_log", f"looked at {at}", filters)


def record_export(actor: Actor, filters: Mapping[str, Any], *, form: str) -> None:
    """`actor` exported the audit log through these filters as a file."""
    _record(actor, "audit.export_audit_log", f"exported the audit log as {form}", filters)


def _record(actor: Actor, command: str, action: str, filters: Mapping[str, Any]) -> None:
    request = {name: str(value) for name, value in filters.items() if value not in (None, "")}
    through = ", ".join(f"{name} {value}" for name, value in request.items())
    Record(
        at=now(),
        command=command,
        outcome=Record.Outcome.DONE,
        sentence=f"{actor_label(actor)} {action}{f': {through}' if through else ''}.",
        actor_id=actor.pk,
        actor_name=str(actor),
        impersonator_name=str(impersonator() or ""),
        request=request,
        correlation_id=correlation_id() or "",
        causation_id=causation_id() or "",
    ).write()
