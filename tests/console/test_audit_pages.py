"""The audit log in the console: sealed, taken away, erased from, and aware of who looks at it."""

from __future__ import annotations

import pytest

from apps.audit.models import Record, Segment, Verification
from apps.audit.verification import verify_and_note
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.settings.commands import ChangeSetting


@pytest.fixture
def audit_log(acme):
    with activate(acme):
        dispatch(
            FoundCompany(code="PLANT", name="Acme Plant", currency="EUR"), actor=System("Petra Personal")
        )


def page(client, path):
    response = client.get(f"/t/acme/{path}")
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_whoever_looks_leaves_a_trace_that_the_list_leaves_out(client_for, auditor, audit_log, acme):
    client = client_for(auditor)
    page(client, "audit/record/?q=plant")

    with activate(acme):
        look = Record.objects.get(command="audit.read_audit_log")
        assert (look.actor_name, look.request) == ("Auditor", {"q": "plant"})
    assert "looked at the audit log" not in page(client, "audit/record/")
    assert "looked at the audit log" in page(client, "audit/record/?retention__exact=access")


def test_a_record_says_where_it_is_sealed(client_for, auditor, audit_log, acme, seal_all):
    with activate(acme):
        plant = Record.objects.get(actor_name="Petra Personal")
        assert "Waits for its seal" in page(client_for(auditor), f"audit/record/{plant.pk}/change/")
        seal_all()

    assert "Sealed in segment" in page(client_for(auditor), f"audit/record/{plant.pk}/change/")


def test_the_seal_is_shown_whole_and_broken(client_for, auditor, audit_log, acme, seal_all):
    client = client_for(auditor)
    assert "Nothing is sealed yet." in page(client, "audit/seal/")
    with activate(acme):
        seal_all()
        verify_and_note()
        assert "intact" in page(client, "audit/seal/")

        head = Segment.objects.order_by("-number").first()
        Verification.objects.create(
            at=head.sealed_at,
            intact=False,
            segments=1,
            records=1,
            seconds=0.1,
            faults=[{"what": "a row was changed"}],
        )
    assert "The audit log is not what was sealed." in page(client, "audit/seal/")
    assert "BROKEN" in page(client, "")


def test_is_taken_away_with_a_trace(client_for, auditor, audit_log, acme):
    """What is streamed is made when the request is left: of this tenant, and not of the platform."""
    response = client_for(auditor).get("/t/acme/audit/export/?text=PLANT")

    lines = b"".join(response.streaming_content).decode().splitlines()
    assert response.headers["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    assert len(lines) == 2
    with activate(acme):
        assert Record.objects.filter(command="audit.export_audit_log").count() == 1


def test_an_erasure_is_previewed_and_then_done(client_for, owner, audit_log, acme):
    client = client_for(owner)
    asked = {"texts": "Petra Personal", "reason": "She asked us to, and may."}

    preview = client.post("/t/acme/audit/erase-person/", asked | {"preview": ""}).content.decode()
    assert "1 records" in preview
    with activate(acme):
        assert Record.objects.filter(actor_name="Petra Personal").exists()

    client.post("/t/acme/audit/erase-person/", asked)
    with activate(acme):
        assert not Record.objects.filter(actor_name="Petra Personal").exists()
    assert "Found company (who and why is erased)" in page(client, "audit/record/")


def test_an_archiving_is_previewed(client_for, owner, audit_log):
    response = client_for(owner).post(
        "/t/acme/audit/archive/", {"before": "2026-01-01", "reason": "The year is over.", "preview": ""}
    )

    assert "Nothing is past its time." in response.content.decode()


@pytest.mark.parametrize("path", ["audit/seal/", "audit/export/", "audit/archive/", "audit/erase-person/"])
def test_nobody_else_comes_in(client_for, nobody, audit_log, path):
    assert client_for(nobody).get(f"/t/acme/{path}").status_code == 403


def test_a_things_timeline_is_told_in_words(client_for, auditor, audit_log, acme):
    client = client_for(auditor)
    with activate(acme):
        record = Record.objects.get(command="companies.found_company", sentence__contains="Plant")

    assert "Timeline of the thing" in page(client, f"audit/record/{record.pk}/change/")
    told = page(client, f"audit/timeline/{record.subject_type}/{record.subject_id}/")

    assert "Petra Personal founded the company Acme Plant." in told
    assert "Nothing is told" in page(client, "audit/timeline/companies.company/999/")
    with activate(acme):
        assert (
            Record.objects.readings().filter(sentence__startswith="Auditor looked at a timeline").count() == 2
        )


def test_a_persons_timeline_tells_what_changed(client_for, owner, acme):
    with activate(acme):
        for value in (12, 15):
            dispatch(ChangeSetting(key="periods.reason_length", value=value), actor=owner)

    told = page(client_for(owner), f"audit/people/{owner.pk}/")

    assert "Value: 12 became 15" in told
