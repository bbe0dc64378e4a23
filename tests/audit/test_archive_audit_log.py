"""What is past its time goes to the object store, and the chain verifies all the same."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.files.base import ContentFile
from django.db import DatabaseError, connection

from apps.audit import archives, queries
from apps.audit.commands import ArchiveAuditLog, DropArchived
from apps.audit.errors import AlreadyArchived, ArchiveIsBroken, NothingToArchive, SegmentIsBroken
from apps.audit.models import Archive, Record, Segment
from apps.audit.verification import verify
from apps.bus import dispatch, dry_run
from apps.kernel.clock import moved_to, now
from apps.kernel.files import files
from tests.support.sqlstate import NO_RIGHT, refused

BEFORE = dt.date(2026, 1, 1)
PAST = dt.datetime(2014, 5, 1, tzinfo=dt.UTC)
ARCHIVE = ArchiveAuditLog(before=BEFORE, reason="Ten years are over.")


@pytest.fixture
def old(at_acme, found, seal_all):
    """Two companies that were founded long ago, sealed by themselves; then one of today."""
    seal_all()
    with moved_to(PAST):
        found("OLD")
        found("ANCIENT")
        seal_all()
    found("NEW")
    seal_all()
    return [*Record.objects.filter(at__lt=PAST + dt.timedelta(days=1))]


def test_old_records_go_and_the_chain_still_verifies(old, owner, seal_all):
    dispatch(ARCHIVE, actor=owner)

    assert not Record.objects.filter(pk__in=[each.pk for each in old]).exists()
    assert Record.objects.filter(sentence__contains="New").exists()
    archive = Archive.objects.get()
    assert (archive.records, archive.retention) == (2, "financial")
    assert verify(with_archives=True).intact
    assert verify().archived == 1
    assert Segment.objects.filter(number=archive.first_segment).exists()
    seal_all()
    assert verify(with_archives=True).intact


def test_the_file_holds_what_was_dropped(old, owner):
    sentences = sorted(each.sentence for each in old)

    dispatch(ARCHIVE, actor=owner)

    lines = [*archives.read(Archive.objects.get().file)]
    assert sorted(line["who"][2] for line in lines if "who" in line) == sentences


def test_it_leaves_records_of_itself(old, owner):
    dispatch(ARCHIVE, actor=owner)

    said = Record.objects.get(command="audit.archive_audit_log")
    assert said.sentence == f"{owner} archived 2 records of the audit log from before 2026-01-01."
    assert said.reason == "Ten years are over."
    assert Record.objects.get(command="audit.drop_archived").correlation_id == said.correlation_id


def test_the_preview_says_what_would_go(old, owner):
    (due,) = queries.due_for_archive(BEFORE)

    assert (due.retention, due.years, due.segments, due.records) == ("financial", 10, 1, 2)
    assert dry_run(ARCHIVE, actor=owner) == ()
    assert Record.objects.filter(pk__in=[each.pk for each in old]).count() == 2


def test_a_class_is_kept_for_its_years_whatever_the_date(at_acme, owner, found, seal_all):
    seal_all()
    with moved_to(now() - dt.timedelta(days=9 * 365)):
        found("YOUNG")
        seal_all()

    with pytest.raises(NothingToArchive):
        dispatch(ARCHIVE, actor=owner)


def test_what_was_tampered_with_is_not_archived(old, owner, tamper):
    with tamper() as cursor:
        cursor.execute("UPDATE audit_record SET sentence = 'Nothing.' WHERE id = %s", [old[0].pk])

    with pytest.raises(SegmentIsBroken):
        dispatch(ARCHIVE, actor=owner)

    assert Record.objects.filter(pk=old[0].pk).exists()


def test_nothing_is_dropped_for_a_file_that_holds_something_else(old, owner):
    segment = Segment.objects.get(newest_at__year=2014)
    written = archives.write([segment])
    with files().open(written) as handle:
        other = handle.read().replace(b"Ancient", b"Ancyent")
    changed = files().save("audit/archive/changed.jsonl", ContentFile(other))

    with pytest.raises(ArchiveIsBroken, match="a text of record"):
        dispatch(drop(segment, changed), actor=owner)

    assert not Archive.objects.exists()


def test_a_file_that_was_changed_later_is_found(old, owner):
    dispatch(ARCHIVE, actor=owner)
    name = Archive.objects.get().file
    with files().open(name) as handle:
        other = handle.read().replace(b'"done"', b'"gone"')
    files().delete(name)
    files().save(name, ContentFile(other))

    assert verify().intact
    assert [fault.kind for fault in verify(with_archives=True).faults] == ["archive"]


def test_a_file_that_is_missing_is_found(old, owner):
    dispatch(ARCHIVE, actor=owner)
    files().delete(Archive.objects.get().file)

    assert [fault.kind for fault in verify(with_archives=True).faults] == ["archive"]


def test_a_segment_is_archived_once(old, owner):
    segment = Segment.objects.get(newest_at__year=2014)
    dispatch(ARCHIVE, actor=owner)

    with pytest.raises(AlreadyArchived):
        dispatch(drop(segment, Archive.objects.get().file), actor=owner)


def test_a_row_that_appears_where_rows_were_dropped_is_found(old, owner, tamper):
    columns = ", ".join(
        field.column for field in Record._meta.concrete_fields if field.column not in ("xid", "id")
    )
    dispatch(ARCHIVE, actor=owner)
    with tamper() as cursor:
        cursor.execute(
            f"INSERT INTO audit_record ({columns}, xid, id)"
            f" SELECT {columns}, %s, %s FROM audit_record WHERE retention = 'financial' LIMIT 1",
            [str(old[0].xid), old[0].pk],
        )

    assert [fault.kind for fault in verify().faults] == ["inserted"]


def test_the_database_drops_nothing_young_whatever_an_archive_says(at_acme, found, seal_all):
    found("NEW")
    seal_all()
    segment = Segment.objects.filter(retention="financial").order_by("-number").first()
    archive = Archive.objects.create(
        retention="financial",
        first_segment=1,
        last_segment=segment.number,
        segments=1,
        records=1,
        file="nowhere.jsonl",
        archived_at=now(),
    )

    with pytest.raises(DatabaseError, match="never changed"), connection.cursor() as cursor:
        cursor.execute("SELECT audit_drop_archived(%s)", [archive.pk])


@pytest.mark.parametrize("who", ["default", "owner"])
def test_what_is_in_no_archive_is_not_deleted_by_anybody(old, who):
    assert refused(f"DELETE FROM audit_record WHERE id = {old[0].pk}", alias=who) == NO_RIGHT


def drop(segment, file):
    return DropArchived(
        retention=segment.retention, first_segment=segment.number, last_segment=segment.number, file=file
    )
