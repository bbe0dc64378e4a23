"""What leaves the audit log needs the signature of a key: the runtime's rights on the database do not suffice."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import DatabaseError, connection

from apps.audit import cold_storage
from apps.audit.commands import DropRecordsInColdStorage, ErasePerson, MoveToColdStorage
from apps.audit.errors import AuditKeyMissing
from apps.audit.models import ColdStorageFile, Record, Segment
from apps.audit.verification import verify, verify_and_record
from apps.bus import dispatch
from apps.kernel.files.store import files
from tests.support.aging import without_triggers
from tests.support.approvals import dispatch_approved
from tests.support.erasing import erase_by_sql
from tests.support.settling import settle

PAST = dt.datetime(2014, 5, 1, tzinfo=dt.UTC)
MOVE = MoveToColdStorage(before=dt.date(2026, 1, 1), reason="Ten years are over.")


@pytest.fixture
def old(at_acme, found_company, seal_all, recorded_at):
    """The segment of a company founded long ago."""
    seal_all()
    with recorded_at(PAST):
        found_company("OLD")
    seal_all()
    return Segment.objects.get(newest_at__year=2014)


@pytest.fixture
def sealed(at_acme, found_company, seal_all):
    """The sealed record of a company."""
    found_company("ONE")
    seal_all()
    return Record.objects.get(command="companies.found_company", request__code="ONE")


def forge_cold_storage(segment):
    """As the runtime. Returns how many records were dropped."""
    stored = ColdStorageFile.objects.create(
        retention=segment.retention,
        first_segment=segment.number,
        last_segment=segment.number,
        segments=1,
        records=segment.records,
        file="nowhere.jsonl",
        hashes=[segment.hash],
        stored_at=PAST,
        key_id=segment.key_id,
        signature=segment.hash,
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT audit_drop_in_cold_storage(%s)", [stored.pk])
        return cursor.fetchone()[0]


def kinds():
    return {fault.kind for fault in verify().faults}


def test_a_forged_row_of_cold_storage_is_found(old):
    assert forge_cold_storage(old) == 1

    assert kinds() == {"authorisation", "deleted"}
    assert not verify_and_record().intact


def test_a_record_within_its_retention_is_not_dropped(old, found_company, seal_all, recorded_at):
    with recorded_at(PAST.replace(year=dt.datetime.now(dt.UTC).year - 9)):
        found_company("YOUNG")
    seal_all()

    with pytest.raises(DatabaseError, match="never changed"):
        forge_cold_storage(Segment.objects.latest("number"))


def test_a_forged_erasure_is_found(sealed):
    erase_by_sql(actor=str(sealed.pk))

    assert kinds() == {"authorisation", "changed"}
    assert not verify_and_record().intact


def test_a_forged_record_of_an_erasure_excuses_nothing(sealed):
    changes = [{"object": "audit.record", "field": "actor", "before": None, "after": str(sealed.pk)}]
    Record(command="audit.erase_person", outcome="done", sentence="x", request={}, changes=changes).write()
    erase_by_sql(actor=str(sealed.pk))

    assert kinds() == {"authorisation", "changed"}


@pytest.mark.parametrize(
    "change",
    [
        "file = 'other.jsonl'",
        "records = records + 1",
        "first_segment = first_segment - 1",
        "retention = 'default'",
        "hashes = '[]'",
        "key_id = 'other'",
        "signature = repeat('0', 64)",
    ],
)
def test_a_changed_row_of_cold_storage_is_found(old, owner, change):
    dispatch(MOVE, actor=owner)
    assert verify().intact
    with without_triggers("audit_coldstoragefile") as cursor:
        cursor.execute(f"UPDATE audit_coldstoragefile SET {change}")

    assert "authorisation" in kinds()


def test_an_erasure_copied_from_another_audit_log_is_found(sealed, owner):
    dispatch_approved(ErasePerson(user_id=owner.pk, reason="They asked for it."), owner)
    with without_triggers("audit_erasure") as cursor:
        cursor.execute("UPDATE audit_erasure SET head_hash = repeat('a', 64)")

    assert "authorisation" in kinds()


def test_the_hourly_verification_reads_the_files(old, owner):
    dispatch(MOVE, actor=owner)
    files().delete(ColdStorageFile.objects.get().file)

    verification = verify_and_record()

    assert [fault["kind"] for fault in verification.faults] == ["cold storage"]


def test_a_process_without_a_key_leaves_a_move_to_the_audit_worker(old, owner, settings):
    known, settings.AUDIT_KEYS = settings.AUDIT_KEYS, []
    dispatch(MOVE, actor=owner)
    assert not ColdStorageFile.objects.exists()

    settings.AUDIT_KEYS = known
    settle()

    assert ColdStorageFile.objects.get().first_segment == old.number
    assert verify().intact


def test_a_process_without_a_key_authorises_nothing(old, owner, settings):
    file = cold_storage.write([old])
    settings.AUDIT_KEYS = []

    with pytest.raises(AuditKeyMissing):
        drop = {
            "retention": old.retention,
            "first_segment": old.number,
            "last_segment": old.number,
            "file": file,
        }
        dispatch(DropRecordsInColdStorage(**drop), actor=owner)

    assert not ColdStorageFile.objects.exists()
