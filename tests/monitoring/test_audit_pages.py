"""Pages of the audit log: integrity, export, erasure, history, and records of read access."""

from __future__ import annotations

import pytest

from apps.approvals.execution import execute
from apps.approvals.models import ApprovalRequest
from apps.audit.models import Record, Segment, Verification
from apps.audit.verification import verify_and_record
from apps.bus import dispatch
from apps.companies.commands import FoundCompany
from apps.kernel.actors import System
from apps.kernel.tenant import activate
from apps.settings.commands import ChangeSetting
from tests.support.approvals import another_owner, approve


@pytest.fixture
def audit_log(acme):
    with activate(acme):
        dispatch(
            FoundCompany(code="PLANT", name="Acme Plant", currency="EUR"), actor=System("Petra Personal")
        )


def page(client, path):
    response = client.get(f"/t/acme/{path}")
    assert response.status_code == 200, response.status_code
    return response.getvalue().decode()


def test_reading_the_audit_log_is_recorded_and_left_out_of_the_list(client_for, auditor, audit_log, acme):
    client = client_for(auditor)
    page(client, "audit/record/?q=plant")

    with activate(acme):
        access = Record.objects.get(command="audit.read_audit_log")
        assert (access.actor_name, access.request) == ("Auditor", {"q": "plant"})
    assert "looked at the audit log" not in page(client, "audit/record/")
    assert "looked at the audit log" in page(client, "audit/record/?retention=access")
    assert "looked at the audit log" in page(client, "audit/record/?retention__exact=access")


def test_a_record_names_its_segment_once_sealed(client_for, auditor, audit_log, acme, seal_all):
    with activate(acme):
        plant = Record.objects.get(actor_name="Petra Personal")
        assert "Not sealed yet" in page(client_for(auditor), f"audit/record/{plant.pk}/change/")
        seal_all()

    assert "Sealed in segment" in page(client_for(auditor), f"audit/record/{plant.pk}/change/")


def test_the_pages_of_the_audit_log_need_no_key_of_the_seals(
    client_for, auditor, audit_log, acme, seal_all, settings
):
    with activate(acme):
        seal_all()
        plant = Record.objects.get(actor_name="Petra Personal")
    settings.AUDIT_KEYS = []
    client = client_for(auditor)

    for path in ("", "audit/record/", f"audit/record/{plant.pk}/change/", "audit/integrity/"):
        page(client, path)
    assert "PLANT" in page(client, "audit/export/?text=PLANT")


def test_the_integrity_page_shows_a_verified_and_a_broken_chain(
    client_for, auditor, audit_log, acme, seal_all
):
    client = client_for(auditor)
    assert "No record is sealed yet." in page(client, "audit/integrity/")
    with activate(acme):
        seal_all()
        verify_and_record()
        assert "verified" in page(client, "audit/integrity/")

        head = Segment.objects.order_by("-number").first()
        Verification.objects.create(
            at=head.sealed_at,
            intact=False,
            segments=1,
            records=1,
            seconds=0.1,
            faults=[{"what": "a row was changed"}],
        )
    assert "The audit log does not match its seals." in page(client, "audit/integrity/")
    assert "BROKEN" in page(client, "")


def test_an_export_of_the_audit_log_is_recorded(client_for, auditor, audit_log, acme):
    """The stream runs after the request has ended, and still with this tenant as the current one."""
    response = client_for(auditor).get("/t/acme/audit/export/?text=PLANT")

    lines = b"".join(response.streaming_content).decode().splitlines()
    assert response.headers["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    assert len(lines) == 2
    with activate(acme):
        assert Record.objects.filter(command="audit.export_audit_log").count() == 1


def test_an_erasure_is_previewed_and_executed_after_its_approval(client_for, owner, audit_log, acme):
    client = client_for(owner)
    form = {"texts": "Petra Personal", "reason": "She asked us to, and may."}

    preview = client.post("/t/acme/audit/erase-person/", form | {"preview": ""}).content.decode()
    assert "1 records" in preview
    with activate(acme):
        assert Record.objects.filter(actor_name="Petra Personal").exists()

    client.post("/t/acme/audit/erase-person/", form)
    with activate(acme):
        assert Record.objects.filter(actor_name="Petra Personal").exists()
        request = ApprovalRequest.objects.get()
        approve(request, another_owner(acme))
        execute(request.pk)
        assert not Record.objects.filter(actor_name="Petra Personal").exists()
    assert "Found company (actor and reason erased)" in page(client, "audit/record/")


def test_moving_records_to_cold_storage_is_previewed(client_for, owner, audit_log):
    response = client_for(owner).post(
        "/t/acme/audit/move-to-cold-storage/",
        {"before": "2026-01-01", "reason": "The year is over.", "preview": ""},
    )

    assert "No record is past its retention." in response.content.decode()


@pytest.mark.parametrize(
    "path", ["audit/integrity/", "audit/export/", "audit/move-to-cold-storage/", "audit/erase-person/"]
)
def test_pages_of_the_audit_log_without_the_permission_are_forbidden(
    client_for, user_without_role, audit_log, path
):
    assert client_for(user_without_role).get(f"/t/acme/{path}").status_code == 403


def test_the_history_of_an_object_is_a_list_of_sentences(client_for, auditor, audit_log, acme):
    client = client_for(auditor)
    with activate(acme):
        record = Record.objects.get(command="companies.found_company", sentence__contains="Plant")

    assert "History of this object" in page(client, f"audit/record/{record.pk}/change/")
    history = page(client, f"audit/history/{record.subject_type}/{record.subject_id}/")

    assert "Petra Personal founded the company Acme Plant." in history
    assert "The audit log has no record about this yet." in page(
        client, "audit/history/companies.company/999/"
    )
    with activate(acme):
        assert (
            Record.objects.readings().filter(sentence__startswith="Auditor looked at a history").count() == 2
        )


def test_the_actions_of_a_person_show_changed_values(client_for, owner, acme):
    with activate(acme):
        for value in (12, 15):
            dispatch(ChangeSetting(key="periods.reason_length", value=value), actor=owner)

    history = page(client_for(owner), f"audit/people/{owner.pk}/")

    assert "Value: 12 became 15" in history
