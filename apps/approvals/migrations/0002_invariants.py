"""Invariants of approvals, enforced by the database, and guards of what only an approval may change.

The database counts approvals and compares accounts; which account an approver has is asserted by the application, since
all sessions of the runtime have one database user. Every function addresses tables through TG_TABLE_SCHEMA, since a
schema may be renamed. The codes are those in errors.py.
"""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES, append_only, approved_only
from apps.kernel.db.text_columns import LINES, text_columns

# 1. A request starts as pending and makes only the transitions of ApprovalRequest.TRANSITIONS. It is approved when enough
#    people approved its present revision. Its end is final.
REQUEST = """
CREATE FUNCTION approvals_request_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    approvals bigint;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'pending' OR NEW.revision <> 1 OR NEW.executed_xid <> '0'::xid8 THEN
            RAISE EXCEPTION 'A request starts as pending.' USING ERRCODE = 'BA001', DETAIL = 'state=new';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE'
       OR OLD.state NOT IN ('pending', 'approved', 'executing')
       OR (NEW.id, NEW.kind, NEW.command, NEW.subject, NEW.quorum, NEW.requester_id, NEW.requester_name,
           NEW.requested_at, NEW.expires_at, NEW.executed_xid)
          IS DISTINCT FROM
          (OLD.id, OLD.kind, OLD.command, OLD.subject, OLD.quorum, OLD.requester_id, OLD.requester_name,
           OLD.requested_at, OLD.expires_at, OLD.executed_xid)
       OR OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
           ('pending', 'approved'), ('pending', 'rejected'), ('pending', 'withdrawn'), ('pending', 'expired'),
           ('pending', 'void'), ('approved', 'pending'), ('approved', 'executing'), ('approved', 'withdrawn'),
           ('approved', 'expired'), ('approved', 'void'), ('approved', 'failed'), ('executing', 'executed'),
           ('executing', 'failed'))
       OR NEW.revision <> OLD.revision
          AND (NEW.revision <> OLD.revision + 1 OR OLD.state = 'executing' OR NEW.state <> 'pending')
       OR (OLD.state, NEW.state) = ('approved', 'pending') AND NEW.revision = OLD.revision
       OR NEW.state = 'executing' AND OLD.state = 'approved' AND NEW.expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION 'Request % cannot be changed like this.', OLD.id
            USING ERRCODE = 'BA001', DETAIL = format('state=%s', OLD.state);
    END IF;
    IF OLD.state = 'pending' AND NEW.state IN ('approved', 'rejected') THEN
        EXECUTE format($sql$
            SELECT count(DISTINCT decision.approver_id) FROM %1$I.approvals_decision AS decision
            JOIN %1$I.approvals_revision AS revision ON revision.id = decision.revision_id
            WHERE revision.request_id = $1 AND revision.number = $2 AND decision.verdict = $3
            $sql$, TG_TABLE_SCHEMA) INTO approvals USING NEW.id, NEW.revision, NEW.state;
        IF approvals = 0 OR NEW.state = 'approved' AND approvals < NEW.quorum THEN
            RAISE EXCEPTION 'Request % lacks decisions.', OLD.id USING ERRCODE = 'BA003';
        END IF;
    END IF;
    IF NEW.state = 'executed' THEN
        NEW.executed_xid := pg_current_xact_id();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_request_guard BEFORE INSERT OR UPDATE OR DELETE ON approvals_approvalrequest
    FOR EACH ROW EXECUTE FUNCTION approvals_request_guard();
"""

# 2. A decision is on the present revision of a pending request, by an account that did not make or change the request.
DECISION = """
CREATE FUNCTION approvals_decision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    request record;
    is_editor boolean;
BEGIN
    EXECUTE format($sql$
        SELECT request.id, request.state, request.requester_id, request.revision = revision.number AS is_present
        FROM %1$I.approvals_revision AS revision
        JOIN %1$I.approvals_approvalrequest AS request ON request.id = revision.request_id
        WHERE revision.id = $1 FOR UPDATE OF request
        $sql$, TG_TABLE_SCHEMA) INTO request USING NEW.revision_id;
    IF request.state IS DISTINCT FROM 'pending' OR NOT request.is_present THEN
        RAISE EXCEPTION 'Request % has no such pending revision.', request.id
            USING ERRCODE = 'BA001', DETAIL = format('state=%s', request.state);
    END IF;
    EXECUTE format($sql$
        SELECT EXISTS (SELECT FROM %I.approvals_revision WHERE request_id = $1 AND editor_id = $2)
        $sql$, TG_TABLE_SCHEMA) INTO is_editor USING request.id, NEW.approver_id;
    IF is_editor OR NEW.approver_id = request.requester_id THEN
        RAISE EXCEPTION 'Request % is decided by another person than its requester.', request.id
            USING ERRCODE = 'BA002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER approvals_decision_guard BEFORE INSERT ON approvals_decision
    FOR EACH ROW EXECUTE FUNCTION approvals_decision_guard();
"""

# 3. A revision never changes, except that its fields are forgotten after the end of its request.
REVISION = """
CREATE FUNCTION approvals_revision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_open boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        EXECUTE format($sql$
            SELECT state IN ('pending', 'approved', 'executing') FROM %I.approvals_approvalrequest WHERE id = $1
            $sql$, TG_TABLE_SCHEMA) INTO is_open USING OLD.request_id;
        IF NEW.sealed = '' AND NOT is_open AND to_jsonb(NEW) - 'sealed' = to_jsonb(OLD) - 'sealed' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION '% rows are written once and never changed.', TG_TABLE_NAME
        USING ERRCODE = '42501', DETAIL = format('table=%s; operation=%s', TG_TABLE_NAME, TG_OP);
END $$;
"""

# 4. The guard of other tables (`apps.kernel.db.guards.approved_only`): a change passes in the execution of an approved
#    request of the kind. Arguments: kind, quorum, `always` or `production`, and whether the request is about the row.
GUARD = """
CREATE FUNCTION approvals_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    subject text;
    is_approved boolean;
BEGIN
    IF TG_ARGV[2] = 'production' AND public.tenancy_environment() <> 'production' THEN
        RETURN NEW;
    END IF;
    IF TG_LEVEL = 'ROW' THEN
        subject := TG_TABLE_NAME || ':' || (to_jsonb(NEW) ->> 'id');
    END IF;
    EXECUTE format($sql$
        SELECT EXISTS (
            SELECT FROM %1$I.approvals_approvalrequest AS request
            WHERE request.kind = $1 AND ($2 IS NULL OR request.subject = $2)
              AND (request.state = 'executing'
                   OR request.state = 'executed' AND request.executed_xid = pg_current_xact_id())
              AND $3 <= (
                  SELECT count(DISTINCT decision.approver_id) FROM %1$I.approvals_decision AS decision
                  JOIN %1$I.approvals_revision AS revision ON revision.id = decision.revision_id
                  WHERE revision.request_id = request.id AND revision.number = request.revision
                    AND decision.verdict = 'approved'))
        $sql$, TG_TABLE_SCHEMA) INTO is_approved USING TG_ARGV[0], subject, TG_ARGV[1]::bigint;
    IF NOT is_approved THEN
        RAISE EXCEPTION 'A change of % needs an approval (%).', TG_TABLE_NAME, TG_ARGV[0]
            USING ERRCODE = 'BA004', DETAIL = format('title=%s', TG_ARGV[0]);
    END IF;
    RETURN NEW;
END $$;
"""

RIGHTS = f"""
REVOKE DELETE, TRUNCATE ON approvals_approvalrequest FROM {RUNTIME_ROLES};
GRANT UPDATE (sealed) ON approvals_revision TO {RUNTIME_ROLES};
"""

UNDO = f"""
REVOKE UPDATE (sealed) ON approvals_revision FROM {RUNTIME_ROLES};
GRANT DELETE ON approvals_approvalrequest TO {RUNTIME_ROLES};
DROP FUNCTION approvals_guard() CASCADE;
DROP FUNCTION approvals_decision_guard() CASCADE;
DROP FUNCTION approvals_request_guard() CASCADE;
"""


class Migration(migrations.Migration):
    """The last operations guard tables of lower apps. A higher app guards its tables in its own migration."""

    dependencies = [
        ("approvals", "0001_initial"),
        ("audit", "0002_invariants"),
        ("tenancy", "0002_invariants"),
    ]
    operations = [
        migrations.RunSQL(REVISION, "DROP FUNCTION approvals_revision_guard()"),
        append_only("approvals_revision", guard="approvals_revision_guard"),
        append_only("approvals_decision"),
        migrations.RunSQL(REQUEST + DECISION + GUARD + RIGHTS, UNDO),
        approved_only("audit_record", "audit.person_erasure", on="UPDATE", level="STATEMENT"),
        approved_only(
            "tenancy_tenant",
            "tenancy.deletion",
            on="UPDATE OF state",
            required="production",
            when="NEW.state = 'deleting' AND OLD.state <> 'deleting'",
        ),
        text_columns("approvals_revision", reason=LINES),
        text_columns("approvals_decision", reason=LINES),
    ]
