"""Bus middleware that writes an audit record for every command and its outcome.

The record of a success commits with the change. The record of a refusal or failure is written in a transaction of its
own, after the rollback.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import models

from apps.bus.envelope import Envelope, Next
from apps.kernel.actors import actor_label, impersonator
from apps.kernel.correlation import causation_id, correlation_id
from apps.kernel.db import databases
from apps.kernel.db.callbacks import afterwards
from apps.kernel.errors import Refusal, sentence_of
from apps.kernel.models import Change, collecting_changes
from apps.kernel.observability.logs import OUTCOMES
from apps.kernel.plain import to_plain
from apps.kernel.text import sanitised

from . import sentences
from .models import Record

log = logging.getLogger("bursar.commands")


def record(envelope: Envelope, next: Next) -> Any:
    """Writes the record of the command, whatever its outcome. A dry run leaves none."""
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
            _log(row)
            raise
        except Exception as error:
            row = _failed(envelope, error)
            afterwards(row.write)
            _log(row, error)
            raise


def _done(envelope: Envelope, result: Any, changes: Sequence[Change]) -> None:
    row = _row(envelope, Record.Outcome.REPEATED if envelope.repeated else Record.Outcome.DONE)
    _set_sentence(row, envelope, result=result)
    row.changes = [asdict(change) for change in changes]
    # A result with measurements names the object it is about.
    subject = result if isinstance(result, models.Model) else getattr(result, "subject", None)
    if isinstance(subject, models.Model):
        row.subject_type, row.subject_id = subject._meta.label_lower, databases.number_of(subject)
    row.write()
    _log(row)


def _log(row: Record, error: Exception | None = None) -> None:
    """The same as a log line; `kernel.observability.logs` adds the actor, tenant and request to every line."""
    values = {
        "outcome": str(row.outcome),
        "subject": f"{row.subject_type}:{row.subject_id}" if row.subject_id else None,
        "refusals": [refusal["code"] for refusal in row.refusals],
        "reason": row.reason,
        "request_fields": row.request if error else None,
    }
    level = OUTCOMES.get(row.outcome, logging.INFO)
    extra = {name: value for name, value in values.items() if value}
    log.log(level, "%s", row.sentence, exc_info=error, extra=extra)


def _refused(envelope: Envelope, refusal: Refusal) -> Record:
    row = _row(envelope, Record.Outcome.REFUSED)
    reasons = [sentences.coded(reason) for reason in refusal.refusals]
    _set_sentence(row, envelope, refusals=reasons)
    row.refusals = [
        {"code": reason["code"], "detail": sentences.reason_in_english(reason)} for reason in reasons
    ]
    return row


def _failed(envelope: Envelope, error: Exception) -> Record:
    row = _row(envelope, Record.Outcome.FAILED)
    _set_sentence(row, envelope, error=type(error).__name__)
    row.refusals = [{"code": "unexpected", "detail": sanitised(sentence_of(error)[:2000])}]
    return row


def _set_sentence(row: Record, envelope: Envelope, **arguments: Any) -> None:
    sentence = sentences.of_command(row.outcome, envelope.command, actor_label(envelope.actor), **arguments)
    row.sentence, row.template = sentence.in_english, sentence.template
    row.arguments = sentences.stored(sentence.arguments)


def _row(envelope: Envelope, outcome: Record.Outcome) -> Record:
    return Record(
        command=type(envelope.command).command_name(),
        outcome=outcome,
        actor_id=envelope.actor.pk,
        actor_name=str(envelope.actor),
        impersonator_name=str(impersonator() or ""),
        reason=envelope.reason,
        request=to_plain(envelope.command),
        correlation_id=correlation_id() or "",
        causation_id=causation_id() or "",
        duration_us=round(envelope.seconds * 1_000_000),
    )
