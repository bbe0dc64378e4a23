"""The database refuses what takes effect without an approval, for raw SQL of the runtime too."""

from __future__ import annotations

import pytest
from django.db import connection, connections, transaction

from apps.approvals.execution import execute
from apps.approvals.models import ApprovalRequest, Decision, Revision
from apps.bus.approval import approval_kinds
from apps.tenancy.commands import DELETION
from tests.support.approvals import approve, requested
from tests.support.sqlstate import APPROVAL, CHECK, NO_RIGHT, refused

STATE, SAME_PERSON, QUORUM = "BA001", "BA002", "BA003"
ERASE = "SELECT audit_erase(1)"
REQUEST = (
    "INSERT INTO approvals_approvalrequest (kind, command, subject, quorum, requester_id, requester_name, state,"
    " revision, requested_at, expires_at, closed_at, outcome, executed_xid)"
    " VALUES ('{kind}', 'x', '{subject}', {quorum}, 7, 'x', '{state}', 1, now(), now() + interval '{days} day',"
    " {closed}, '', '0')"
)


def forged(**values):
    defaults = {"state": "pending", "quorum": 1, "days": 1, "closed": "NULL", "subject": ""}
    return REQUEST.format(**{"kind": "audit.person_erasure", **defaults, **values})


@pytest.fixture
def request_(erasure, owner):
    return requested(erasure, owner)


def decision_by(approver, verdict="approved"):
    return (
        "INSERT INTO approvals_decision (revision_id, verdict, approver_id, approver_name, reason, decided_at)"
        f" SELECT id, '{verdict}', {approver}, 'x', '', now() FROM approvals_revision"
    )


def test_raw_sql_of_the_runtime_without_an_approval_is_refused(request_, owner):
    update = "UPDATE approvals_approvalrequest SET state = '{}'{}"
    statements = {
        ERASE: APPROVAL,
        forged(state="approved"): STATE,
        forged(state="executing"): STATE,
        forged(state="executed", closed="now()"): STATE,
        forged(quorum=0): CHECK,
        forged(days=-1): CHECK,
        update.format("approved", ""): QUORUM,
        update.format("rejected", ", closed_at = now()"): QUORUM,
        update.format("executing", ""): STATE,
        update.format("executed", ", closed_at = now()"): STATE,
        update.format("withdrawn", ""): CHECK,
        "UPDATE approvals_approvalrequest SET quorum = 0": STATE,
        "UPDATE approvals_approvalrequest SET requester_id = 0": STATE,
        "UPDATE approvals_approvalrequest SET revision = 7": STATE,
        "UPDATE approvals_approvalrequest SET executed_xid = pg_current_xact_id()": STATE,
        "DELETE FROM approvals_approvalrequest": NO_RIGHT,
        "TRUNCATE approvals_approvalrequest CASCADE": NO_RIGHT,
        "UPDATE approvals_revision SET digest = 'x'": NO_RIGHT,
        "UPDATE approvals_revision SET sealed = ''": NO_RIGHT,
        "UPDATE approvals_revision SET editor_id = 0": NO_RIGHT,
        "DELETE FROM approvals_revision": NO_RIGHT,
        "DELETE FROM approvals_decision": NO_RIGHT,
        "UPDATE approvals_decision SET verdict = 'approved'": NO_RIGHT,
        decision_by(owner.pk): SAME_PERSON,
        "ALTER TABLE audit_record DISABLE TRIGGER ALL": NO_RIGHT,
        "DROP TRIGGER audit_record_is_approved ON audit_record": NO_RIGHT,
    }

    assert {statement: refused(statement) for statement in statements} == statements


def test_an_approval_lets_one_transaction_pass(request_, second_owner):
    approve(request_, second_owner)
    assert refused(ERASE) == APPROVAL
    execute(request_.pk)

    assert ApprovalRequest.objects.get().state == "executed"
    assert refused(ERASE) == APPROVAL


def test_a_decision_on_an_earlier_revision_is_refused(request_, owner, second_owner):
    Revision.objects.create(
        request=request_,
        number=2,
        digest="x",
        shown={},
        editor_id=owner.pk,
        editor_name="x",
        reason="x",
        made_at=request_.requested_at,
    )
    request_.revision = 2
    request_.reopen()
    first = Revision.objects.get(number=1)

    assert refused(decision_by(second_owner.pk) + f" WHERE id = {first.pk}") == STATE
    with connection.cursor() as cursor:
        cursor.execute(decision_by(second_owner.pk) + f" WHERE id <> {first.pk}")
    assert Decision.objects.approvals_of(request_).count() == 1


def test_the_guards_of_the_database_have_the_quorums_of_their_kinds(db):
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgfoid = 'public.approvals_guard()'::regprocedure"
        )
        definitions = [row[0] for row in cursor.fetchall()]

    for name in ("audit.person_erasure", "tenancy.deletion"):
        kind = approval_kinds()[name]
        required = "always" if kind.required == "always" else "production"
        (guard,) = (definition for definition in definitions if f"'{name}'" in definition)
        assert f"('{name}', '{kind.quorum}', '{required}')" in guard


@pytest.mark.physical_copy
def test_in_production_a_tenant_is_queued_for_deletion_by_an_approval_of_that_tenant_only(acme, globex):
    with connections["owner"].cursor() as cursor:
        cursor.execute("UPDATE tenancy_tenant SET state = 'suspended'")
        cursor.execute(
            "CREATE OR REPLACE FUNCTION public.tenancy_environment() RETURNS text LANGUAGE sql STABLE"
            " RETURN 'production'"
        )
    delete = "UPDATE tenancy_tenant SET state = 'deleting', delete_after = current_date WHERE id = {}"
    assert refused(delete.format(globex.id)) == APPROVAL

    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(forged(kind=DELETION.name, subject=f"tenancy_tenant:{globex.id}"))
        cursor.execute(
            "INSERT INTO approvals_revision (request_id, number, digest, base_revision, shown, sealed, editor_id,"
            " editor_name, operator, support_session, reason, made_at)"
            " SELECT id, 1, '', '', '{}', '', 7, '', '', 0, '', now() FROM approvals_approvalrequest"
        )
        cursor.execute(decision_by(8))
        for state in ("approved", "executing"):
            cursor.execute("UPDATE approvals_approvalrequest SET state = %s", [state])

    assert refused(delete.format(acme.id)) == APPROVAL
    with connection.cursor() as cursor:
        cursor.execute(delete.format(globex.id))
