"""Sealing and verification: the order of sealing does not miss records that commit late."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from contextvars import copy_context

import pytest
from django.db import connection

from apps.audit import anchors, erasures, queries, sealing, tasks, verification
from apps.audit.commands import ErasePerson
from apps.audit.models import Record, Segment
from apps.audit.verification import verify, verify_and_record
from apps.kernel.tenant import activate
from tests.support.approvals import dispatch_approved


def sealed_ids():
    """Ids of the records in the segments, by the order of sealing."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.id FROM audit_record r JOIN audit_segment s ON s.retention = r.retention"
            " AND (r.xid, r.id) > (s.after_xid, s.after_id) AND (r.xid, r.id) <= (s.last_xid, s.last_id)"
        )
        return sorted(row[0] for row in cursor.fetchall())


def test_every_record_is_sealed_once(at_acme, found_company, seal_all):
    found_company("ONE")
    seal_all()
    found_company("TWO")
    seal_all()

    ids = [*Record.objects.order_by("id").values_list("id", flat=True)]
    assert sealed_ids() == ids
    assert sum(segment.records for segment in Segment.objects.all()) == len(ids)
    assert [segment.number for segment in Segment.objects.order_by("number")] == [
        *range(1, Segment.objects.count() + 1)
    ]
    assert verify().intact


def test_the_scheduled_task_seals_new_records(at_acme, found_company, all_ended):
    found_company("ONE")
    all_ended()

    tasks.seal.apply(headers={"tenant": at_acme.id}, throw=True)

    assert sealed_ids() == [*Record.objects.order_by("id").values_list("id", flat=True)]


class TestScheduledVerification:
    def test_an_intact_audit_log_is_recorded_without_a_log_line(
        self, at_acme, found_company, seal_all, caplog
    ):
        found_company("ONE")
        seal_all()

        tasks.verify.apply(headers={"tenant": at_acme.id}, throw=True)

        assert queries.last_verification().intact
        assert [record for record in caplog.records if record.levelname == "CRITICAL"] == []

    def test_a_broken_audit_log_is_logged_as_critical(self, at_acme, found_company, seal_all, tamper, caplog):
        found_company("ONE")
        seal_all()
        with tamper() as cursor:
            cursor.execute("UPDATE audit_record SET sentence = 'Nothing.'")

        tasks.verify.apply(headers={"tenant": at_acme.id}, throw=True)

        assert not queries.last_verification().intact
        (line,) = [record for record in caplog.records if record.levelname == "CRITICAL"]
        assert "The audit log is broken: " in line.getMessage()


def test_a_segment_has_records_of_one_class(at_acme, found_company, seal_all):
    found_company("ONE")
    seal_all()

    assert set(Segment.objects.values_list("retention", flat=True)) >= {"financial", "security"}
    assert (
        Record.objects.get(command="companies.found_company", sentence__contains="One").retention
        == "financial"
    )


def test_sealing_without_new_records_makes_no_segment(at_acme, seal_all):
    seal_all()

    assert sealing.seal() == []


def test_small_batches_make_more_segments_and_the_same_chain(at_acme, found_company, seal_all):
    for code in ("ONE", "TWO", "THREE", "FOUR", "FIVE"):
        found_company(code)

    segments = seal_all(limit=2)

    assert max(segment.records for segment in segments) == 2
    assert verify().intact


def test_the_head_is_written_outside_the_database(at_acme, found_company, seal_all):
    found_company("ONE")
    head = seal_all()[-1]

    assert (head.number, head.hash) in anchors.heads()


def test_the_platform_and_each_tenant_have_a_chain_of_their_own(acme, globex, seal_all):
    for tenant in (acme, globex, None):
        with activate(tenant):
            seal_all()
            assert Segment.objects.exists()
            assert verify().intact
    with activate(acme):
        of_acme = Segment.objects.get(number=1).hash
    with activate(globex):
        assert Segment.objects.get(number=1).hash != of_acme


def test_a_transaction_that_commits_late_is_sealed(at_acme, found_company, seal_all, slow):
    found_company("FAST")
    sealing.seal()
    slow.finish()
    seal_all()

    assert sealed_ids() == [*Record.objects.order_by("id").values_list("id", flat=True)]
    assert verify().intact


def test_an_order_by_id_would_miss_a_late_commit(at_acme, found_company, slow):
    """The negative control of the test above: `id > last` skips the record that committed late."""
    found_company("FAST")
    taken = [*Record.objects.order_by("id").values_list("id", flat=True)]
    slow.finish()
    taken += Record.objects.filter(id__gt=taken[-1]).order_by("id").values_list("id", flat=True)

    late = Record.objects.get(sentence__contains="Slow").pk
    assert late not in taken


def test_concurrent_sealers_do_not_fork_the_chain(acme, found_company, seal_all):
    barrier = threading.Barrier(4)
    errors = []

    def work():
        try:
            with activate(acme):
                barrier.wait(60)
                for _ in range(10):
                    sealing.seal(limit=1)
        except Exception as error:
            errors.append(error)
        finally:
            connection.close()

    with activate(acme):
        for number in range(20):
            found_company(f"C{number}")
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    with activate(acme):
        seal_all()
        assert sealed_ids() == [*Record.objects.order_by("id").values_list("id", flat=True)]
        assert verify().intact


def test_a_long_audit_log_is_verified_in_several_runs(at_acme, found_company, seal_all):
    for code in ("ONE", "TWO", "THREE"):
        found_company(code)
        seal_all()

    runs = [verify_and_record(at_most=0)]
    while runs[-1].stopped_at:
        assert queries.last_verification() is None
        runs.append(verify_and_record(at_most=0))

    assert len(runs) == Segment.objects.count()
    assert queries.last_verification() == runs[-1]
    assert (runs[-1].intact, runs[-1].records) == (True, Record.objects.count())


def test_faults_of_an_earlier_run_are_reported_by_later_runs(at_acme, found_company, seal_all, tamper):
    found_company("ONE")
    seal_all()
    with tamper() as cursor:
        cursor.execute(
            "UPDATE audit_record SET outcome = 'failed' WHERE id = %s", [Record.objects.earliest("id").pk]
        )

    runs = [verify_and_record(at_most=0)]
    while runs[-1].stopped_at:
        runs.append(verify_and_record(at_most=0))

    assert len(runs) > 1
    assert not runs[-1].intact
    assert not queries.last_verification().intact


@pytest.fixture
def erased_meanwhile(at_acme, owner, found_company, seal_all, monkeypatch):
    """A person is erased during a verification, after it has read the list of erasures."""
    found_company("ONE")
    seal_all()
    announced = erasures.announced

    def erase():
        try:
            dispatch_approved(ErasePerson(user_id=owner.pk, reason="Meanwhile"), owner)
        finally:
            connection.close()

    def announced_and_then_erased():
        known = announced()
        with ThreadPoolExecutor(1) as others:
            others.submit(copy_context().run, erase).result()
        return known

    monkeypatch.setattr(erasures, "announced", announced_and_then_erased)


def test_an_erasure_during_verification_is_not_reported_as_tampering(erased_meanwhile):
    assert verify().intact
    assert Record.objects.filter(command="audit.erase_person").exists()


def test_an_erasure_during_verification_without_a_snapshot_is_reported(erased_meanwhile, monkeypatch):
    """The negative control of the test above."""
    monkeypatch.setattr(verification, "_snapshot", nullcontext)

    assert not verify().intact
