"""Verification detects tampering by the owner of the tables with triggers off."""

from __future__ import annotations

import pytest

from apps.audit import chain
from apps.audit.keys import keys, sealing_key
from apps.audit.models import ColdStorageFile, Record, Segment, Verification
from apps.audit.verification import verify
from tests.support.sqlstate import NO_RIGHT, refused


@pytest.fixture
def audit_log(at_acme, owner, found_company, seal_all):
    """Records of three companies, each in a segment of its own."""
    for code in ("ONE", "TWO", "THREE"):
        found_company(code)
        seal_all()
    assert verify().intact
    return [*Record.objects.filter(command="companies.found_company", actor_id=owner.pk).order_by("id")]


def kinds():
    return {fault.kind for fault in verify().faults}


@pytest.mark.exhaustive("each case", over="change")
@pytest.mark.parametrize(
    "change",
    [
        "outcome = 'refused'",
        "at = at - interval '1 second'",
        "actor_id = 77",
        "actor_id = NULL",
        "subject_id = '99'",
        "command = 'companies.close_company'",
        "correlation_id = 'another'",
        "actor_name = 'Another person'",
        "sentence = 'Nothing happened.'",
        "template = 'companies.close_company'",
        'arguments = \'{"actor": "Another person"}\'',
        "reason = 'As agreed'",
        'request = request || \'{"name": "Other"}\'',
        'changes = \'[{"object": "x", "field": "y", "before": 1, "after": 2}]\'',
        'refusals = \'[{"code": "x", "detail": "y"}]\'',
        "actor_salt = NULL, actor_name = '(erased)', sentence = '(erased)', template = '', arguments = '{}',"
        " reason = ''",
        "content_salt = NULL, request = '{}'",
        "content_commitment = actor_commitment",
    ],
)
def test_a_changed_row_is_detected(audit_log, tamper, change):
    with tamper() as cursor:
        cursor.execute(f"UPDATE audit_record SET {change} WHERE id = %s", [audit_log[1].pk])

    assert kinds() == {"changed"}
    segment = Segment.objects.filter(retention="financial").order_by("number")[1]
    fault = verify().faults[0]
    assert fault.segment == segment.number
    assert f"Record {audit_log[1].pk}" in fault.detail or f"segment {segment.number} " in fault.detail


def test_a_row_of_another_class_is_detected(audit_log, tamper):
    with tamper() as cursor:
        cursor.execute("UPDATE audit_record SET retention = 'security' WHERE id = %s", [audit_log[1].pk])

    assert "deleted" in kinds()


def test_an_inserted_row_is_detected(audit_log, tamper):
    columns = ", ".join(field.column for field in Record._meta.concrete_fields if field.column != "id")
    with tamper() as cursor:
        cursor.execute(
            f"INSERT INTO audit_record ({columns}) SELECT {columns} FROM audit_record WHERE id = %s",
            [audit_log[1].pk],
        )

    assert "inserted" in kinds()


def test_a_deleted_row_is_detected(audit_log, tamper):
    with tamper() as cursor:
        cursor.execute("DELETE FROM audit_record WHERE id = %s", [audit_log[1].pk])

    assert kinds() == {"deleted"}


def test_a_deleted_segment_with_its_rows_is_detected(audit_log, tamper):
    segment = Segment.objects.filter(retention="financial").order_by("number")[1]
    with tamper() as cursor:
        cursor.execute("DELETE FROM audit_record WHERE id = %s", [audit_log[1].pk])
        cursor.execute("DELETE FROM audit_segment WHERE number = %s", [segment.number])

    assert "gap" in kinds()


def test_a_cut_tail_is_detected(audit_log, tamper):
    newest = Segment.objects.order_by("-number").first()
    with tamper() as cursor:
        cursor.execute("DELETE FROM audit_record WHERE id = %s", [audit_log[-1].pk])
        cursor.execute("DELETE FROM audit_segment WHERE number = %s", [newest.number])

    assert kinds() == {"cut tail"}


def test_a_cut_tail_is_detected_after_the_chain_continued(audit_log, tamper, found_company, seal_all):
    newest = Segment.objects.order_by("-number").first()
    with tamper() as cursor:
        cursor.execute("DELETE FROM audit_record WHERE id = %s", [audit_log[-1].pk])
        cursor.execute("DELETE FROM audit_segment WHERE number = %s", [newest.number])
    found_company("FOUR")
    seal_all()

    assert "fork" in kinds()


def test_an_emptied_audit_log_is_detected(audit_log, tamper):
    with tamper() as cursor:
        cursor.execute("DELETE FROM audit_record")
        cursor.execute("DELETE FROM audit_segment")

    assert kinds() == {"cut tail"}


def test_swapped_rows_are_detected(audit_log, tamper):
    """Two rows exchange their ids and transaction ids."""
    one, two = audit_log[0], audit_log[1]
    with tamper() as cursor:
        cursor.execute("UPDATE audit_record SET id = -1 WHERE id = %s", [one.pk])
        cursor.execute(
            "UPDATE audit_record SET id = %s, xid = %s WHERE id = %s", [one.pk, str(one.xid), two.pk]
        )
        cursor.execute("UPDATE audit_record SET id = %s, xid = %s WHERE id = -1", [two.pk, str(two.xid)])

    assert kinds() == {"changed"}


def test_rows_moved_to_another_segment_are_detected(audit_log, tamper):
    one, two = audit_log[0], audit_log[1]
    with tamper() as cursor:
        cursor.execute("UPDATE audit_record SET xid = %s WHERE id = %s", [str(two.xid), one.pk])

    assert {"deleted", "inserted"} <= kinds()


def rewrite(cursor, key_id, key):
    """Rewrites the whole chain, consistent in itself, over a changed audit log."""
    from apps.audit import rows

    before = chain.NOTHING_BEFORE
    for segment in Segment.objects.using("owner").order_by("number"):
        digests = [rows.digest_of(row) for row in rows.of_segment(segment)]
        segment.records, segment.records_hash = len(digests), chain.records_hash(digests)
        segment.previous_hash, segment.key_id = before, key_id
        segment.hash = chain.seal_of(segment.link, key)
        cursor.execute(
            "UPDATE audit_segment SET records = %s, records_hash = %s, previous_hash = %s, key_id = %s, hash = %s"
            " WHERE number = %s",
            [segment.records, segment.records_hash, before, key_id, segment.hash, segment.number],
        )
        before = segment.hash


def forge(tamper, audit_log, key_id, key):
    with tamper() as cursor:
        cursor.execute("UPDATE audit_record SET outcome = 'refused' WHERE id = %s", [audit_log[1].pk])
    with tamper() as cursor:
        rewrite(cursor, key_id, key)


def test_a_chain_rewritten_under_a_guessed_key_is_detected(audit_log, tamper):
    forge(tamper, audit_log, sealing_key()[0], b"guessed" * 8)

    assert {"seal", "fork"} <= kinds()


def test_a_chain_rewritten_under_an_unknown_key_is_detected(audit_log, tamper):
    forge(tamper, audit_log, "mine", b"guessed" * 8)

    assert {"key", "fork"} <= kinds()


def test_a_chain_rewritten_with_the_stolen_key_differs_from_its_anchor(audit_log, tamper):
    forge(tamper, audit_log, *sealing_key())

    assert kinds() == {"fork"}


def test_a_head_noted_elsewhere_reveals_a_cut_tail(audit_log, tamper, settings):
    settings.AUDIT_ANCHORS = []
    newest = Segment.objects.order_by("-number").first()
    from apps.audit import anchors

    anchors.anchors.cache_clear()
    try:
        with tamper() as cursor:
            cursor.execute("DELETE FROM audit_record WHERE id = %s", [audit_log[-1].pk])
            cursor.execute("DELETE FROM audit_segment WHERE number = %s", [newest.number])

        assert verify().intact
        assert [fault.kind for fault in verify(witnesses=[(newest.number, newest.hash)]).faults] == [
            "cut tail"
        ]
    finally:
        anchors.anchors.cache_clear()


def test_the_runtime_cannot_change_segments_cold_storage_files_or_verifications(at_acme):
    for table in (model._meta for model in (Segment, ColdStorageFile, Verification)):
        name, key = table.db_table, table.pk.column
        for statement in (f"DELETE FROM {name}", f"TRUNCATE {name}", f"UPDATE {name} SET {key} = {key}"):
            assert refused(statement) == NO_RIGHT, statement


def test_old_segments_still_verify_after_a_change_of_keys(audit_log, found_company, seal_all, settings):
    settings.AUDIT_KEYS = ["new:" + "A" * 43 + "=", *settings.AUDIT_KEYS]
    found_company("FOUR")
    seal_all()

    assert Segment.objects.order_by("-number").first().key_id == "new"
    assert [*keys()] == ["new", "dev"]
    assert verify().intact


def test_without_the_old_key_its_segments_cannot_be_trusted(audit_log, settings):
    settings.AUDIT_KEYS = ["new:" + "A" * 43 + "="]

    assert kinds() == {"key"}
