"""Approvals at the same time, crashes, and two tenants."""

from __future__ import annotations

import pytest

from apps.approvals.errors import ApprovalRequired, RequestUnknown
from apps.approvals.execution import execute
from apps.approvals.models import ApprovalRequest, Decision
from apps.audit.models import Record
from apps.bus import dispatch
from apps.events.models import OutboxEvent
from apps.kernel.errors import Refusal
from apps.kernel.tenant import activate
from apps.operations.commands import ArchiveTenant, EraseTenant, SuspendTenant
from apps.operations.sagas.erasure import ERASURE
from apps.sagas.models import Run
from apps.tenancy.models import Tenant
from tests.support.approvals import another_owner, approve, requested
from tests.support.failpoints import Killed, armed, crash_everywhere, transaction_ends
from tests.support.settling import settle
from tests.support.threads import together

State = ApprovalRequest.State


def state_of(request):
    request.refresh_from_db()
    return request.state


def erasures():
    return Record.objects.filter(command="audit.erase_person", outcome="done")


def test_parallel_approvals_of_one_person_count_once_and_execute_once(erasure, owner, second_owner, at_acme):
    request = requested(erasure, owner)

    results = together(4, lambda: approve(request, second_owner), at_acme)
    settle()

    refusals = [result for result in results if isinstance(result, Exception)]
    assert len(refusals) == 3
    assert all(isinstance(refusal, Refusal) for refusal in refusals), refusals
    assert Decision.objects.count() == OutboxEvent.objects.filter(name="approval.granted").count() == 1
    assert erasures().count() == 1


def test_parallel_executions_have_one_effect(erasure, owner, second_owner, at_acme):
    request = requested(erasure, owner)
    approve(request, second_owner)

    results = together(4, lambda: execute(request.pk), at_acme)

    assert all(result is None or isinstance(result, Refusal) for result in results), results
    assert erasures().count() == 1
    assert state_of(request) == State.EXECUTED


def test_an_execution_that_crashes_resumes_and_has_one_effect(erasure, owner, second_owner):
    request = requested(erasure, owner)
    approve(request, second_owner)

    deaths = crash_everywhere(lambda: execute(request.pk), before=transaction_ends)

    assert deaths > 2
    assert erasures().count() == 1
    assert state_of(request) == State.EXECUTED


def test_a_request_of_another_tenant_is_unknown(erasure, owner, globex):
    request = requested(erasure, owner)
    stranger = another_owner(globex)

    with activate(globex), pytest.raises(RequestUnknown):
        approve(request, stranger)


class TestTenantDeletion:
    """A long-running command of the platform, which needs an approval in production."""

    @pytest.fixture
    def suspended(self, globex, operator, settings):
        dispatch(SuspendTenant(tenant_id=globex.id, reason="Contract ended."), actor=operator)
        settings.ENVIRONMENT = "production"
        return EraseTenant(tenant_id=globex.id, reason="Contract ended.")

    def test_a_change_of_the_tenant_voids_the_request(self, suspended, operator, second_operator):
        with pytest.raises(ApprovalRequired):
            dispatch(suspended, actor=operator)
        request = requested(suspended, operator)
        approve(request, second_operator)
        dispatch(ArchiveTenant(tenant_id=suspended.tenant_id, reason="Other plans."), actor=operator)
        settle()

        assert (state_of(request), Tenant.objects.get(pk=suspended.tenant_id).state) == ("void", "archived")

    @pytest.mark.exhaustive("each end of a transaction", over="point")
    @pytest.mark.parametrize("point", range(1, 13))
    def test_an_execution_that_crashes_resumes_and_queues_the_tenant_once(
        self, suspended, operator, second_operator, point
    ):
        request = requested(suspended, operator)
        approve(request, second_operator)

        with pytest.raises(Killed), armed(point, before=transaction_ends):
            execute(request.pk)
        settle(impatient=True)

        assert state_of(request) == State.EXECUTED
        assert Tenant.objects.get(pk=suspended.tenant_id).state == "deleting"
        assert Run.objects.filter(saga=ERASURE.name).count() == 1
