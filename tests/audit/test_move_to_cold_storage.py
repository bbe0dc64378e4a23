"""Records past their retention move to cold storage, and the chain can still be verified."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection

from apps.audit import cold_storage, queries
from apps.audit.commands import DropRecordsInColdStorage, MoveToColdStorage
from apps.audit.errors import (
    AlreadyInColdStorage,
    ColdStorageFileIsBroken,
    NothingDueForColdStorage,
    SegmentIsBroken,
)
from apps.audit.models import ColdStorageFile, Record, Segment
from apps.audit.verification import verify
from apps.bus import dispatch, dry_run
from apps.kernel.clock import now
from apps.kernel.files.store import files
from tests.support.sqlstate import NO_RIGHT, refused

BEFORE = dt.date(2026, 1, 1)
PAST = dt.datetime(2014, 5, 1, tzinfo=dt.UTC)
MOVE = MoveToColdStorage(before=BEFORE, reason="Ten years are over.")


@pytest.fixture
def old(at_acme, found_company, seal_all, recorded_at):
    """Records of two companies founded long ago, in a segment of their own; then one of today."""
    seal_all()
    with recorded_at(PAST):
        found_company("OLD")
        found_company("ANCIENT")
    seal_all()
    found_company("NEW")
    seal_all()
    return [*Record.objects.filter(at__lt=PAST + dt.timedelta(days=1))]


def test_old_records_are_moved_and_the_chain_is_verified(old, owner, seal_all):
    dispatch(MOVE, actor=owner)

    assert not Record.objects.filter(pk__in=[record.pk for record in old]).exists()
    assert Record.objects.filter(sentence__contains="New").exists()
    stored = ColdStorageFile.objects.get()
    assert (stored.records, stored.retention) == (2, "financial")
    assert verify().intact
    assert verify().in_cold_storage == 1
    assert Segment.objects.filter(number=stored.first_segment).exists()
    seal_all()
    assert verify().intact


def test_the_file_contains_the_dropped_records(old, owner):
    sentences = sorted(record.sentence for record in old)

    dispatch(MOVE, actor=owner)

    lines = [*cold_storage.read(ColdStorageFile.objects.get().file)]
    assert sorted(line["actor"][2] for line in lines if "actor" in line) == sentences


def test_a_move_leaves_audit_records(old, owner):
    dispatch(MOVE, actor=owner)

    record = Record.objects.get(command="audit.move_to_cold_storage")
    assert (
        record.sentence == f"{owner} moved 2 records of the audit log from before 2026-01-01 to cold storage."
    )
    assert record.reason == "Ten years are over."
    assert (
        Record.objects.get(command="audit.drop_records_in_cold_storage").correlation_id
        == record.correlation_id
    )


def test_the_preview_counts_due_records(old, owner):
    (due,) = queries.due_for_cold_storage(BEFORE)

    assert (due.retention, due.years, due.segments, due.records) == ("financial", 10, 1, 2)
    assert dry_run(MOVE, actor=owner) == ()
    assert Record.objects.filter(pk__in=[record.pk for record in old]).count() == 2


def test_records_within_the_retention_of_their_class_are_not_moved(
    at_acme, owner, found_company, seal_all, recorded_at
):
    seal_all()
    with recorded_at(now() - dt.timedelta(days=9 * 365)):
        found_company("YOUNG")
    seal_all()

    with pytest.raises(NothingDueForColdStorage):
        dispatch(MOVE, actor=owner)


def test_a_segment_that_was_tampered_with_is_not_moved(old, owner, tamper):
    with tamper() as cursor:
        cursor.execute("UPDATE audit_record SET sentence = 'Nothing.' WHERE id = %s", [old[0].pk])

    with pytest.raises(SegmentIsBroken):
        dispatch(MOVE, actor=owner)

    assert Record.objects.filter(pk=old[0].pk).exists()


def test_records_are_not_dropped_for_a_file_with_other_content(old, owner):
    segment = Segment.objects.get(newest_at__year=2014)
    written = cold_storage.write([segment])
    with files().open(written) as handle:
        other = handle.read().replace(b"Ancient", b"Ancyent")
    changed = files().save("audit/cold-storage/changed.jsonl", ContentFile(other))

    with pytest.raises(ColdStorageFileIsBroken, match="a text of record"):
        dispatch(drop(segment, changed), actor=owner)

    assert not ColdStorageFile.objects.exists()


def test_a_changed_file_is_detected(old, owner):
    dispatch(MOVE, actor=owner)
    name = ColdStorageFile.objects.get().file
    with files().open(name) as handle:
        other = handle.read().replace(b'"done"', b'"gone"')
    files().delete(name)
    files().save(name, ContentFile(other))

    assert [fault.kind for fault in verify().faults] == ["cold storage"]


def test_a_missing_file_is_detected(old, owner):
    dispatch(MOVE, actor=owner)
    files().delete(ColdStorageFile.objects.get().file)

    assert [fault.kind for fault in verify().faults] == ["cold storage"]


def test_a_segment_is_moved_once(old, owner):
    segment = Segment.objects.get(newest_at__year=2014)
    dispatch(MOVE, actor=owner)

    with pytest.raises(AlreadyInColdStorage):
        dispatch(drop(segment, ColdStorageFile.objects.get().file), actor=owner)


def test_a_row_inserted_into_a_dropped_segment_is_detected(old, owner, tamper):
    columns = ", ".join(
        field.column for field in Record._meta.concrete_fields if field.column not in ("xid", "id")
    )
    dispatch(MOVE, actor=owner)
    with tamper() as cursor:
        cursor.execute(
            f"INSERT INTO audit_record ({columns}, xid, id)"
            f" SELECT {columns}, %s, %s FROM audit_record WHERE retention = 'financial' LIMIT 1",
            [str(old[0].xid), old[0].pk],
        )

    assert [fault.kind for fault in verify().faults] == ["inserted"]


def test_the_database_does_not_drop_recent_records(at_acme, found_company, seal_all):
    found_company("NEW")
    seal_all()
    segment = Segment.objects.filter(retention="financial").order_by("-number").first()
    stored = ColdStorageFile.objects.create(
        retention="financial",
        first_segment=1,
        last_segment=segment.number,
        segments=1,
        records=1,
        file="nowhere.jsonl",
        stored_at=now(),
    )

    with pytest.raises(DatabaseError, match="never changed"), connection.cursor() as cursor:
        cursor.execute("SELECT audit_drop_in_cold_storage(%s)", [stored.pk])


@pytest.mark.parametrize("role", ["default", "owner"])
def test_a_record_outside_cold_storage_cannot_be_deleted(old, role):
    assert refused(f"DELETE FROM audit_record WHERE id = {old[0].pk}", alias=role) == NO_RIGHT


def drop(segment, file):
    return DropRecordsInColdStorage(
        retention=segment.retention, first_segment=segment.number, last_segment=segment.number, file=file
    )
