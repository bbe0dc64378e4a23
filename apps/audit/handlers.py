"""Handlers of the audit log: move old records to cold storage, and erase a person."""

from __future__ import annotations

from django.db import connection

from apps.bus import dispatch, handles
from apps.bus.sending import dispatch_async
from apps.events import publish
from apps.kernel.clock import now
from apps.kernel.db.locks import TableLock
from apps.kernel.errors import Refusal
from apps.kernel.files.store import files
from apps.kernel.models import Change, record_change

from . import cold_storage, cold_storage_erasure, erasures, keys, rules
from .commands import DropRecordsInColdStorage, ErasePerson, MoveToColdStorage
from .erasure_plan import Column, ErasurePlan
from .erasures import as_ranges
from .events import PersonErased
from .models import ColdStorageFile

COLD_STORAGE_LOCK = TableLock("audit_coldstoragefile")


def records_must_be_due(command: MoveToColdStorage) -> None:
    rules.records_must_be_due(command.before)


@handles(MoveToColdStorage, dry_run=records_must_be_due)
def move_to_cold_storage(command: MoveToColdStorage) -> str:
    """File by file. After a crash the next run writes the unfinished file again; no record is lost. A process without
    keys leaves it to the worker of the queue `audit`."""
    due = rules.records_must_be_due(command.before)
    count = f"{sum(segment.records for segments in due for segment in segments):,} records"
    if not keys.are_here():
        dispatch_async(command)
        return f"0 records ({count} are left to the audit worker)"

    for segments in due:
        first, last, file = segments[0], segments[-1], cold_storage.write(segments)
        try:
            dispatch(
                DropRecordsInColdStorage(
                    retention=first.retention,
                    first_segment=first.number,
                    last_segment=last.number,
                    file=file,
                )
            )
        except Refusal:
            files().delete(file)  # otherwise a later erasure would miss it
            raise

    return count


@handles(DropRecordsInColdStorage)
def drop_records_in_cold_storage(command: DropRecordsInColdStorage) -> ColdStorageFile:
    _lock_cold_storage()
    segments = rules.segments_must_be_stored_here(
        command.retention, command.first_segment, command.last_segment
    )
    cold_storage.must_hold(command.file, segments)
    cold_storage_erasure.file_must_be_up_to_date(command.file)

    stored = ColdStorageFile(
        retention=command.retention,
        first_segment=command.first_segment,
        last_segment=command.last_segment,
        segments=len(segments),
        records=sum(segment.records for segment in segments),
        file=command.file,
        hashes=[segment.hash for segment in segments],
        stored_at=now(),
    )
    stored.sign()
    stored.save(force_insert=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_drop_in_cold_storage(%s)", [stored.pk])
    return stored


def person_must_be_erasable(command: ErasePerson) -> None:
    rules.person_must_be_clear(command.user_id, command.texts)
    _record_erasure(rules.person_must_be_in_the_audit_log(command.user_id, command.texts))


@handles(ErasePerson, emits=(PersonErased,), dry_run=person_must_be_erasable)
def erase_person(command: ErasePerson) -> str:
    """Records and versions of master data at once, and cold storage after the commit."""
    _lock_cold_storage()
    rules.person_must_be_clear(command.user_id, command.texts)
    plan = rules.person_must_be_in_the_audit_log(command.user_id, command.texts)

    _record_erasure(plan)
    erasure = erasures.authorise(plan.actor, plan.content, [_as_version(column) for column in plan.columns])
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_erase(%s)", [erasure.pk])
    if plan.in_cold_storage:
        publish(_erased_from_cold_storage(plan))
    return plan.size


def _as_version(column: Column) -> dict[str, str]:
    return {"table": column.table, "field": column.field, "ids": as_ranges(column.versions)}


def _record_erasure(plan: ErasurePlan) -> None:
    record_change(Change("audit.record", "actor", None, as_ranges(plan.actor)))
    record_change(Change("audit.record", "content", None, as_ranges(plan.content)))
    for column in plan.columns:
        record_change(Change(column.table, column.field, None, as_ranges(column.versions)))


def _erased_from_cold_storage(plan: ErasurePlan) -> PersonErased:
    """A listener rewrites the files with these records."""
    actor, content = (plan.in_cold_storage.intersection(ids) for ids in (plan.actor, plan.content))
    return PersonErased(actor=as_ranges(actor), content=as_ranges(content))


def _lock_cold_storage() -> None:
    """Moves to cold storage and erasures wait for each other, so that no new file contains erased texts."""
    with connection.cursor() as cursor:
        COLD_STORAGE_LOCK.key().hold(cursor)
