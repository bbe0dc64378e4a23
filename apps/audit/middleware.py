"""Every command and its outcome leaves a row (decision C15).

A success's row commits with the change. A refusal's or a failure's is written in a transaction of its own, when
the one that was rolled back has ended.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import models

from apps.bus.envelope import Envelope, Next
from apps.kernel import databases
from apps.kernel.actors import both_names, real_actor
from apps.kernel.clock import now
from apps.kernel.correlation import causation_id, correlation_id
from apps.kernel.errors import Refusal
from apps.kernel.logs import OUTCOMES
from apps.kernel.models import Change, collecting_changes
from apps.kernel.plain import to_plain
from apps.kernel.transactions import afterwards

from .models import Record

log = logging.getLogger("bursar.commands")


def record(envelope: Envelope, next: Next) -> Any:
    """Writes the row of the command, whichever way it ends. A dry run leaves none."""
    if envelope.is_dry_run:
        return next(envelope)
    with collecting_changes() as changes:
        envelope.anew.append(changes.clear)
        envelope.before_commit.append(lambda result: _done(envelope, result, changes))
        try:
            return next(envelope)
        except Refusal as refusal:
            row = _refused(envelope, refusal)
            afterwards(row.write)
            _say(row)
            raise
        except Exception as error:
            row = _failed(envelope, error)
            afterwards(row.write)
            _say(row, error)
            raise


def _done(envelope: Envelope, result: Any, changes: Sequence[Change]) -> None:
    row = _row(envelope, Record.Outcome.REPEATED if envelope.repeated else Record.Outcome.DONE)
    again = "asked again, and had before: " if envelope.repeated else ""
    row.sentence = f"{both_names(envelope.actor)} {again}{envelope.command.sentence(result)}."
    row.changes = [asdict(change) for change in changes]
    # A result that is measured says whom it is about.
    subject = result if isinstance(result, models.Model) else getattr(result, "subject", None)
    if isinstance(subject, models.Model):
        row.subject_type, row.subject_id = subject._meta.label_lower, databases.number_of(subject)
    row.write()
    _say(row)


def _say(row: Record, error: Exception | None = None) -> None:
    """The same to the log; who, where and in which request stand in every line of it (kernel.logs)."""
    about = {
        "outcome": str(row.outcome),
        "subject": f"{row.subject_type}:{row.subject_id}" if row.subject_id else None,
        "refusals": [refusal["code"] for refusal in row.refusals],
        "reason": row.reason,
        "asked": row.request if error else None,
    }
    level = OUTCOMES.get(row.outcome, logging.INFO)
    said = {word: value for word, value in about.items() if value}
    log.log(level, "%s", row.sentence, exc_info=error, extra=said)


def _refused(envelope: Envelope, refusal: Refusal) -> Record:
    row = _row(envelope, Record.Outcome.REFUSED)
    row.sentence = f"{both_names(envelope.actor)} asked to {_verb(envelope)} and was refused: {refusal}"
    row.refusals = [{"code": each.code, "detail": str(each)} for each in refusal.refusals]
    return row


def _failed(envelope: Envelope, error: Exception) -> Record:
    row = _row(envelope, Record.Outcome.FAILED)
    row.sentence = (
        f"{both_names(envelope.actor)} could not {_verb(envelope)}: an unexpected {type(error).__name__}."
    )
    row.refusals = [{"code": "unexpected", "detail": f"{type(error).__name__}: {error}"[:2000]}]
    return row


def _verb(envelope: Envelope) -> str:
    return type(envelope.command).title().lower()


def _row(envelope: Envelope, outcome: Record.Outcome) -> Record:
    return Record(
        at=now(),
        command=type(envelope.command).command_name(),
        outcome=outcome,
        actor_id=envelope.actor.pk,
        actor_name=str(envelope.actor),
        real_actor_name=str(real_actor() or ""),
        reason=envelope.reason,
        request=to_plain(envelope.command),
        correlation_id=correlation_id() or "",
        causation_id=causation_id() or "",
    )
