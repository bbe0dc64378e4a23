"""Reading the audit log leaves a trace in it: one row for each look, of a class of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from apps.kernel.actors import Actor, both_names, real_actor
from apps.kernel.clock import now
from apps.kernel.correlation import causation_id, correlation_id

from .models import Record


def looked(actor: Actor, asked: Mapping[str, Any], *, at: str = "the audit log") -> None:
    """`actor` looked at the audit log through these filters. A look at the looks is one row more, and ends there."""
    _note(actor, "audit.read_audit_log", f"looked at {at}", asked)


def took_away(actor: Actor, asked: Mapping[str, Any], *, form: str) -> None:
    """`actor` took what these filters leave away as a file."""
    _note(actor, "audit.export_audit_log", f"exported the audit log as {form}", asked)


def _note(actor: Actor, command: str, did: str, asked: Mapping[str, Any]) -> None:
    said = {name: str(value) for name, value in asked.items() if value not in (None, "")}
    through = ", ".join(f"{name} {value}" for name, value in said.items())
    Record(
        at=now(),
        command=command,
        outcome=Record.Outcome.DONE,
        sentence=f"{both_names(actor)} {did}{f': {through}' if through else ''}.",
        actor_id=actor.pk,
        actor_name=str(actor),
        real_actor_name=str(real_actor() or ""),
        request=said,
        correlation_id=correlation_id() or "",
        causation_id=causation_id() or "",
    ).write()
