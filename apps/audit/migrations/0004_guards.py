"""What the database itself sees to: rows of the trail stay, and leave or lose texts in two ways only.

Both ways are functions of the owner, who alone may delete and update, and the trigger holds them to their shape. No
body names a schema: a function finds its own, so that a schema can be renamed.
"""

from django.db import migrations

from apps.kernel.guards import RUNTIME_ROLES, append_only

TRIGGER = """
CREATE FUNCTION audit_record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed boolean := false;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- Whatever a row of audit_archive says, nothing young leaves the trail.
        IF OLD.at < now() - interval '90 days' THEN
            EXECUTE format(
                'SELECT EXISTS (SELECT 1 FROM %1$I.audit_archive a JOIN %1$I.audit_segment s'
                '   ON s.retention = a.retention AND s.number BETWEEN a.first_segment AND a.last_segment'
                ' WHERE a.retention = $1 AND ($2, $3) > (s.after_xid, s.after_id)'
                '   AND ($2, $3) <= (s.last_xid, s.last_id))', TG_TABLE_SCHEMA)
            INTO allowed USING OLD.retention, OLD.xid, OLD.id;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        allowed := OLD.command <> 'audit.erase_person'
            AND (OLD.id, OLD.at, OLD.command, OLD.outcome, OLD.subject_type, OLD.subject_id, OLD.correlation_id,
                 OLD.causation_id, OLD.retention, OLD.who_commitment, OLD.what_commitment, OLD.xid)
              = (NEW.id, NEW.at, NEW.command, NEW.outcome, NEW.subject_type, NEW.subject_id, NEW.correlation_id,
                 NEW.causation_id, NEW.retention, NEW.who_commitment, NEW.what_commitment, NEW.xid)
            AND NEW.actor_id IS NOT DISTINCT FROM OLD.actor_id
            AND (NEW.who_salt IS NULL
                 AND (NEW.actor_name, NEW.real_actor_name, NEW.sentence, NEW.reason)
                   = ('(erased)', '', '(erased)', '')
              OR NEW.who_salt IS NOT DISTINCT FROM OLD.who_salt
                 AND (NEW.actor_name, NEW.real_actor_name, NEW.sentence, NEW.reason)
                   = (OLD.actor_name, OLD.real_actor_name, OLD.sentence, OLD.reason))
            AND (NEW.what_salt IS NULL
                 AND (NEW.request, NEW.changes, NEW.refusals) = ('{}'::jsonb, '[]'::jsonb, '[]'::jsonb)
              OR NEW.what_salt IS NOT DISTINCT FROM OLD.what_salt
                 AND (NEW.request, NEW.changes, NEW.refusals) = (OLD.request, OLD.changes, OLD.refusals));
    END IF;
    IF allowed IS NOT TRUE THEN
        RAISE EXCEPTION '% rows are written once and never changed.', TG_TABLE_NAME
            USING ERRCODE = '42501', DETAIL = format('table=%s; operation=%s', TG_TABLE_NAME, TG_OP);
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

DROP TRIGGER audit_record_rows_stay ON audit_record;
CREATE TRIGGER audit_record_rows_stay BEFORE UPDATE OR DELETE ON audit_record
    FOR EACH ROW EXECUTE FUNCTION audit_record_stays();
"""

WAYS = """
CREATE FUNCTION audit_drop_archived(archive bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me oid;
    home text;
    dropped bigint;
BEGIN
    GET DIAGNOSTICS me = PG_ROUTINE_OID;
    SELECT pronamespace::regnamespace INTO home FROM pg_proc WHERE oid = me;
    EXECUTE format(
        'DELETE FROM %1$s.audit_record r USING %1$s.audit_archive a, %1$s.audit_segment s'
        ' WHERE a.id = $1 AND s.retention = a.retention AND s.number BETWEEN a.first_segment AND a.last_segment'
        '   AND r.retention = s.retention AND (r.xid, r.id) > (s.after_xid, s.after_id)'
        '   AND (r.xid, r.id) <= (s.last_xid, s.last_id)', home)
    USING archive;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$;

CREATE FUNCTION audit_erase(who bigint[], what bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me oid;
    home text;
    erased bigint;
    also bigint;
BEGIN
    GET DIAGNOSTICS me = PG_ROUTINE_OID;
    SELECT pronamespace::regnamespace INTO home FROM pg_proc WHERE oid = me;
    EXECUTE format(
        'UPDATE %s.audit_record SET actor_name = ''(erased)'', real_actor_name = '''','
        ' sentence = ''(erased)'', reason = '''', who_salt = NULL WHERE id = ANY ($1)', home)
    USING who;
    GET DIAGNOSTICS erased = ROW_COUNT;
    EXECUTE format(
        'UPDATE %s.audit_record SET request = ''{}'', changes = ''[]'', refusals = ''[]'', what_salt = NULL'
        ' WHERE id = ANY ($1)', home)
    USING what;
    GET DIAGNOSTICS also = ROW_COUNT;
    RETURN erased + also;
END $$;
"""

RIGHTS = f"""
REVOKE ALL ON FUNCTION audit_drop_archived(bigint), audit_erase(bigint[], bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_drop_archived(bigint), audit_erase(bigint[], bigint[]) TO {RUNTIME_ROLES};
"""

UNDO = """
DROP FUNCTION audit_drop_archived(bigint), audit_erase(bigint[], bigint[]);
DROP TRIGGER audit_record_rows_stay ON audit_record;
CREATE TRIGGER audit_record_rows_stay BEFORE UPDATE OR DELETE ON audit_record
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
DROP FUNCTION audit_record_stays();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_seal")]
    operations = [
        migrations.RunSQL(TRIGGER + WAYS + RIGHTS, UNDO),
        append_only("audit_segment"),
        append_only("audit_archive"),
        append_only("audit_verification"),
    ]
