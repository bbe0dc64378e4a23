"""Approval of a command by other people: rules, states and the execution."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from apps.approvals.commands import ChangeRequest, RejectRequest, RequestApproval, WithdrawRequest
from apps.approvals.errors import (
    AlreadyApproved,
    ApprovalNotRequired,
    ApprovalRequired,
    ApproverIsRequester,
    ApproverLacksPermission,
    NotYourRequest,
    ReasonMissing,
    RequestChanged,
    RequesterIsNoUser,
    RequestExpired,
    RequestNotPending,
)
from apps.approvals.models import ApprovalRequest, Decision, Revision
from apps.approvals.tasks import close_requests
from apps.audit.models import Record
from apps.bus import dispatch, dry_run
from apps.bus.errors import CommandUnknown, NotAsSupport, PermissionDenied
from apps.companies.commands import FoundCompany
from apps.events.models import OutboxEvent
from apps.identity.commands import DeactivateUser
from apps.kernel.actors import Support, System, impersonated_by
from apps.kernel.clock import moved_to, now
from apps.kernel.plain import SECRET, to_whole
from tests.support.approvals import another_owner, approve, approved, requested
from tests.support.settling import settle

State = ApprovalRequest.State


def erasures():
    return Record.objects.filter(command="audit.erase_person", outcome="done")


def state_of(request):
    request.refresh_from_db()
    return request.state


class TestExecution:
    def test_a_command_that_needs_approval_is_refused_and_its_dry_run_passes(self, erasure, owner):
        with pytest.raises(ApprovalRequired) as refused:
            dispatch(erasure, actor=owner)

        assert refused.value.code == "approvals.approval_required"
        assert "/api/v1/approvals/" in str(refused.value)
        assert Record.objects.get(command="audit.erase_person").refusals[0]["code"] == refused.value.code
        assert dry_run(erasure, actor=owner) == ()

    def test_a_system_is_refused_as_well(self, erasure):
        with pytest.raises(ApprovalRequired):
            dispatch(erasure, actor=System("A script"))

    def test_an_approved_command_is_executed_under_both_names(self, erasure, owner, second_owner):
        request = approved(erasure, owner, second_owner)

        assert (request.state, request.outcome) == (State.EXECUTED, "3 records and 3 versions")
        record = erasures().get()
        assert record.actor_id == owner.pk
        assert f"{owner} (approved by Oda Owner) erased a person from " in record.sentence
        assert not Record.objects.filter(actor_name="Berta Bauer").exists()
        assert OutboxEvent.objects.filter(name="approval.closed").count() == 1

    def test_the_fields_are_encrypted_and_forgotten_at_the_end(self, erasure, owner, second_owner):
        request = requested(erasure, owner)
        revision = Revision.objects.get()
        stored = Record.objects.get(command="approvals.request_approval")

        assert revision.shown["texts"] == stored.request["fields"] == SECRET
        assert revision.sealed
        assert "Berta" not in revision.sealed
        approve(request, second_owner)
        settle()
        revision.refresh_from_db()
        assert revision.sealed == ""

    def test_an_execution_that_is_refused_closes_the_request_with_its_reason(
        self, erasure, owner, second_owner
    ):
        request = requested(erasure, owner)
        approve(request, second_owner)
        owner.groups.clear()
        settle()

        assert state_of(request) == State.FAILED
        assert "audit.erase_person is missing" in request.outcome
        assert not erasures().exists()

    def test_the_requester_is_active_at_the_execution(self, erasure, owner, second_owner):
        request = requested(erasure, owner)
        approve(request, second_owner)
        dispatch(DeactivateUser(user_id=owner.pk, reason="Left."), actor=second_owner)
        settle()

        assert state_of(request) == State.FAILED

    def test_a_request_made_in_a_support_session_is_executed_under_the_operators_name_too(
        self, erasure, owner, second_owner, monkeypatch
    ):
        monkeypatch.setattr(type(erasure), "by_support", True)
        with impersonated_by(Support("Olga Operator", 7)):
            request = requested(erasure, owner)
        approve(request, second_owner)
        settle()

        assert erasures().get().impersonator_name == "Olga Operator (support session 7)"


class TestRequests:
    def test_a_request_for_a_command_without_need_of_approval_is_refused(self, at_acme, owner):
        with pytest.raises(ApprovalNotRequired):
            requested(FoundCompany(code="PLANT", name="Plant", currency="EUR"), owner)

    def test_a_command_that_would_be_refused_cannot_be_requested(self, erasure, controller):
        with pytest.raises(PermissionDenied):
            requested(erasure, controller)

    def test_an_unknown_command_and_a_missing_reason_are_refused(self, erasure, owner):
        with pytest.raises(CommandUnknown):
            dispatch(RequestApproval(command="audit.erase_all", fields={}, reason="Why"), actor=owner)
        with pytest.raises(ReasonMissing):
            requested(erasure, owner, reason=" ")

    def test_a_system_is_no_requester(self, erasure):
        with pytest.raises(RequesterIsNoUser):
            requested(erasure, System("A script"))


class TestDecisions:
    @pytest.fixture
    def request_(self, erasure, owner):
        return requested(erasure, owner)

    def test_the_requester_cannot_approve(self, request_, owner):
        with pytest.raises(ApproverIsRequester):
            approve(request_, owner)
        assert state_of(request_) == State.PENDING

    def test_a_second_account_with_the_mailbox_of_the_requester_cannot_approve(self, request_, at_acme):
        with pytest.raises(ApproverIsRequester):
            approve(request_, another_owner(at_acme, "Owner+2"))

    def test_an_impersonated_account_cannot_approve(self, request_, second_owner):
        with impersonated_by(Support("Olga Operator", 7)), pytest.raises(NotAsSupport):
            approve(request_, second_owner)

    def test_an_approver_has_the_permission_of_the_kind(self, request_, controller):
        with pytest.raises(ApproverLacksPermission):
            approve(request_, controller)

    def test_a_change_voids_approvals(self, request_, erasure, owner, second_owner):
        approve(request_, second_owner)
        fields = to_whole(erasure) | {"texts": ["Berta Ltd"]}
        dispatch(ChangeRequest(request_id=request_.pk, fields=fields, reason="Typing error."), actor=owner)
        settle()

        assert state_of(request_) == State.PENDING
        with pytest.raises(RequestChanged):
            approve(ApprovalRequest(pk=request_.pk, revision=1), second_owner)
        assert not erasures().exists()
        approve(request_, second_owner)
        settle()
        assert state_of(request_) == State.EXECUTED

    def test_a_rejection_is_final_and_needs_a_reason(self, request_, second_owner):
        with pytest.raises(ReasonMissing):
            dispatch(RejectRequest(request_id=request_.pk, revision=1, reason=" "), actor=second_owner)
        reject = RejectRequest(request_id=request_.pk, revision=1, reason="Not her account.")
        dispatch(reject, actor=second_owner)

        assert (state_of(request_), request_.outcome) == (State.REJECTED, "Not her account.")
        with pytest.raises(RequestNotPending):
            approve(request_, second_owner)

    def test_a_request_is_withdrawn_by_its_requester_only(self, request_, owner, second_owner):
        with pytest.raises(NotYourRequest):
            dispatch(WithdrawRequest(request_id=request_.pk), actor=second_owner)
        dispatch(WithdrawRequest(request_id=request_.pk), actor=owner)

        assert state_of(request_) == State.WITHDRAWN

    def test_an_approved_request_can_be_withdrawn_before_its_execution(self, request_, owner, second_owner):
        approve(request_, second_owner)
        dispatch(WithdrawRequest(request_id=request_.pk), actor=owner)
        settle()

        assert not erasures().exists()

    def test_a_request_expires(self, request_, second_owner, at_acme):
        with moved_to(now() + dt.timedelta(days=8)):
            with pytest.raises(RequestExpired):
                approve(request_, second_owner)
            close_requests.apply(headers={"tenant": str(at_acme.id)}, throw=True)

        assert state_of(request_) == State.EXPIRED

    def test_a_quorum_of_two_needs_two_people(self, erasure, owner, second_owner, at_acme, monkeypatch):
        monkeypatch.setattr(type(erasure), "approval", replace(erasure.approval, quorum=2))
        request = requested(erasure, owner)
        approve(request, second_owner)
        assert state_of(request) == State.PENDING
        with pytest.raises(AlreadyApproved):
            approve(request, second_owner)
        with pytest.raises(AlreadyApproved):
            approve(request, another_owner(at_acme, "oda+2"))
        approve(request, another_owner(at_acme, "otto2"))
        settle()

        assert state_of(request) == State.EXECUTED
        assert "(approved by Oda Owner, Oda Owner)" in erasures().get().sentence
        assert Decision.objects.count() == 2
