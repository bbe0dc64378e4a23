"""How the audit log is kept in bounds: archived when its time is over, and rid of a person who may ask for it."""

from __future__ import annotations

from django.db import connection

from apps.bus import dispatch, handles
from apps.bus.envelope import current_envelope
from apps.events import publish
from apps.kernel.clock import now
from apps.kernel.errors import Refusal
from apps.kernel.files import files
from apps.kernel.locks import TableLock
from apps.kernel.models import Change, note

from . import archives, forgetting, rules
from .commands import ArchiveAuditLog, DropArchived, ErasePerson
from .erasures import as_ranges
from .events import PersonErased
from .models import Archive

ARCHIVING = TableLock("audit_archive")


def something_must_be_due(command: ArchiveAuditLog) -> None:
    rules.something_must_be_due(command.before)


@handles(ArchiveAuditLog, dry_run=something_must_be_due)
def archive_audit_log(command: ArchiveAuditLog) -> str:
    """File by file: a crash leaves a file that the next run writes beside, and no record that is in none."""
    due = rules.something_must_be_due(command.before)

    for segments in due:
        first, last, file = segments[0], segments[-1], archives.write(segments)
        try:
            dispatch(
                DropArchived(
                    retention=first.retention,
                    first_segment=first.number,
                    last_segment=last.number,
                    file=file,
                )
            )
        except Refusal:
            files().delete(file)  # nobody would look for whom it names
            raise

    return f"{sum(each.records for segments in due for each in segments):,} records"


@handles(DropArchived)
def drop_archived(command: DropArchived) -> Archive:
    _alone()
    segments = rules.segments_must_stand_here(command.retention, command.first_segment, command.last_segment)
    archives.must_hold(command.file, segments)
    forgetting.must_have_forgotten(command.file)

    archive = Archive.objects.create(
        retention=command.retention,
        first_segment=command.first_segment,
        last_segment=command.last_segment,
        segments=len(segments),
        records=sum(segment.records for segment in segments),
        file=command.file,
        archived_at=now(),
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_drop_archived(%s)", [archive.pk])
    return archive


@handles(ErasePerson, emits=(PersonErased,))
def erase_person(command: ErasePerson) -> str:
    """Versions lose what the record names, as soon as it is written. What is archived is erased by what is told: its
    files follow."""
    _alone()
    rules.person_must_be_clear(command.user_id, command.texts)
    plan = rules.person_must_be_in_the_audit_log(command.user_id, command.texts)

    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase(%s, %s)", [plan.who, plan.what])
    note(Change("audit.record", "who", None, as_ranges(plan.who)))
    note(Change("audit.record", "what", None, as_ranges(plan.what)))

    for word in plan.words:
        note(Change(word.table, word.field, None, as_ranges(word.versions)))
    if plan.words and (envelope := current_envelope.get()):
        envelope.before_commit.append(_erase_versions)

    if plan.archived:
        who, what = (plan.archived.intersection(ids) for ids in (plan.who, plan.what))
        publish(PersonErased(who=as_ranges(who), what=as_ranges(what)))
    return plan.size


def _erase_versions(_: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase_versions()")


def _alone() -> None:
    """Who archives and who erases wait for each other: no file is kept that says what was erased meanwhile."""
    with connection.cursor() as cursor:
        ARCHIVING.key().hold(cursor)
