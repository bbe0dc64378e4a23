"""Approvals in both consoles, the API and the command line."""

from __future__ import annotations

import io
import json
import re

import pytest
from django.core.management import call_command

from apps.approvals.models import ApprovalRequest
from apps.bus import dispatch
from apps.kernel.tenant import activate
from apps.notices.models import Notice
from apps.operations.commands import SuspendTenant
from apps.tenancy.models import Tenant
from tests.support.approvals import REASON, requested
from tests.support.settling import settle

State = ApprovalRequest.State


def text_of(response):
    return re.sub(r"\s+", " ", response.content.decode())


class TestConsoles:
    def test_a_button_requests_the_approval_and_another_owner_approves_beside_the_preview(
        self, client_for, erasure, owner, second_owner, berta, acme
    ):
        requester, approver = client_for(owner), client_for(second_owner)
        form = {"user_id": berta.pk, "texts": "Berta Bauer", "reason": REASON}
        assert "Request approval" in text_of(requester.get("/t/acme/audit/erase-person/"))
        page = requester.post("/t/acme/audit/erase-person/", form, follow=True)
        assert page.redirect_chain[-1][0].startswith("/t/acme/approvals/")
        assert "Withdraw" in text_of(page)
        assert "approve/" not in text_of(page)
        settle()
        notice = Notice.objects.latest("id")
        assert "oda@acme.example" in notice.to
        assert f"/t/acme/approvals/{ApprovalRequest.objects.get().pk}/" in notice.text

        inbox = text_of(approver.get("/t/acme/approvals/"))
        request = ApprovalRequest.objects.get()
        assert "Berta Bauer" in inbox
        assert "A dry run succeeds." in inbox
        assert "audit.record" in inbox
        assert f"approvals/{request.pk}/revisions/1/approve/" in inbox
        done = approver.post(f"/t/acme/approvals/{request.pk}/revisions/1/approve/", follow=True)
        assert "The command is being executed." in text_of(done)
        settle()

        history = text_of(requester.get("/t/acme/approvals/?list=history"))
        assert "Executed" in history
        assert "Berta Bauer" not in history

    def test_operators_approve_the_erasure_of_a_tenant_in_production(
        self, client_for, globex, operator, second_operator, settings
    ):
        settings.ENVIRONMENT = "production"
        dispatch(SuspendTenant(tenant_id=globex.id, reason=REASON), actor=operator)
        requester, approver = client_for(operator, None), client_for(second_operator, None)

        page = requester.post(f"/tenants/{globex.id}/erase/", {"reason": REASON}, follow=True)
        request = ApprovalRequest.objects.get()
        assert page.redirect_chain[-1][0] == f"/approvals/{request.pk}/"
        reject = approver.post(
            f"/approvals/{request.pk}/revisions/1/reject/", {"reason": "Not yet."}, follow=True
        )

        assert "Not yet." in text_of(reject)
        request.refresh_from_db()
        assert request.state == State.REJECTED
        assert Tenant.objects.get(pk=globex.id).state == "suspended"


class TestApi:
    def test_a_command_is_requested_approved_and_executed(
        self, api, erasure, owner, second_owner, berta, globex
    ):
        requester, approver = api(owner), api(second_owner)
        fields = {"user_id": berta.pk, "texts": ["Berta Bauer"], "reason": REASON}
        refused = requester.post("audit/erase-person/", fields)
        assert (refused.status_code, refused.json()["code"]) == (403, "approvals.approval_required")

        made = requester.post(
            "approvals/", {"command": "audit.erase_person", "fields": fields, "reason": REASON}
        )
        assert made.status_code == 201, made.content
        path = f"approvals/{made.json()['id']}/"
        assert requester.post(path + "approve/", {"revision": 1}).json()["code"] == (
            "approvals.approver_is_requester"
        )
        assert approver.get("approvals/", state="pending").json()["results"][0]["quorum"] == 1
        approval = approver.post(path + "approve/", {"revision": 1})
        assert approval.json()["revisions"][0]["decisions"][0]["approver_name"] == "Oda Owner"
        settle()

        assert requester.get(path).json()["state"] == "executed"
        with activate(globex):
            assert not ApprovalRequest.objects.exists()


class TestCommandLine:
    def test_a_request_is_listed_shown_and_decided_as_a_user(self, erasure, owner, second_owner):
        request = requested(erasure, owner)
        words = ("--tenant", "acme", "--json")

        (listed,) = run("list", *words)["requests"]
        assert (listed["id"], listed["state"]) == (request.pk, "pending")
        assert run("show", str(request.pk), *words)["would_be_done"]
        with pytest.raises(SystemExit):
            run("approve", str(request.pk), "--as", owner.email, *words)
        assert run("approve", str(request.pk), "--as", second_owner.email, "--dry-run", *words)["dry_run"]
        assert ApprovalRequest.objects.get().state == State.PENDING
        run("reject", str(request.pk), "--as", second_owner.email, "--reason", "No.", *words)
        assert ApprovalRequest.objects.get().state == State.REJECTED


def run(*words):
    output = io.StringIO()
    call_command("approvals", *words, stdout=output)
    return json.loads(output.getvalue())
