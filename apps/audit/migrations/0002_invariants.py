"""Invariants of the audit log that the database enforces: rows are immutable, except for three functions.

The functions belong to the owner of the tables, the only role that may delete and update, and triggers check each
change. Function bodies contain no schema name: a function looks up its own, so that a schema can be renamed.
"""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES, append_only

# 1. A record is deleted only when it is old and in cold storage, and updated only to erase a person.
RECORD = """
CREATE FUNCTION audit_record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed boolean := false;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- A recent record is never deleted, whatever audit_coldstoragefile contains.
        IF OLD.at < now() - interval '90 days' THEN
            EXECUTE format(
                'SELECT EXISTS (SELECT 1 FROM %1$I.audit_coldstoragefile a JOIN %1$I.audit_segment s'
                '   ON s.retention = a.retention AND s.number BETWEEN a.first_segment AND a.last_segment'
                ' WHERE a.retention = $1 AND ($2, $3) > (s.after_xid, s.after_id)'
                '   AND ($2, $3) <= (s.last_xid, s.last_id))', TG_TABLE_SCHEMA)
            INTO allowed USING OLD.retention, OLD.xid, OLD.id;
        END IF;
    ELSIF TG_OP = 'UPDATE' THEN
        allowed := OLD.command <> 'audit.erase_person'
            AND (OLD.id, OLD.at, OLD.command, OLD.outcome, OLD.subject_type, OLD.subject_id, OLD.correlation_id,
                 OLD.causation_id, OLD.retention, OLD.actor_commitment, OLD.content_commitment, OLD.xid)
              = (NEW.id, NEW.at, NEW.command, NEW.outcome, NEW.subject_type, NEW.subject_id, NEW.correlation_id,
                 NEW.causation_id, NEW.retention, NEW.actor_commitment, NEW.content_commitment, NEW.xid)
            AND NEW.actor_id IS NOT DISTINCT FROM OLD.actor_id
            AND (NEW.actor_salt IS NULL
                 AND (NEW.actor_name, NEW.impersonator_name, NEW.sentence, NEW.template, NEW.arguments, NEW.reason)
                   = ('(erased)', '', '(erased)', '', '{}', '')
              OR NEW.actor_salt IS NOT DISTINCT FROM OLD.actor_salt
                 AND (NEW.actor_name, NEW.impersonator_name, NEW.sentence, NEW.template, NEW.arguments, NEW.reason)
                   = (OLD.actor_name, OLD.impersonator_name, OLD.sentence, OLD.template, OLD.arguments, OLD.reason))
            AND (NEW.content_salt IS NULL
                 AND (NEW.request, NEW.changes, NEW.refusals) = ('{}'::jsonb, '[]'::jsonb, '[]'::jsonb)
              OR NEW.content_salt IS NOT DISTINCT FROM OLD.content_salt
                 AND (NEW.request, NEW.changes, NEW.refusals) = (OLD.request, OLD.changes, OLD.refusals));
    END IF;
    IF allowed IS NOT TRUE THEN
        RAISE EXCEPTION '% rows are written once and never changed.', TG_TABLE_NAME
            USING ERRCODE = '42501', DETAIL = format('table=%s; operation=%s', TG_TABLE_NAME, TG_OP);
    END IF;
    RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;
"""

# 2. The two functions for records: dropping those in cold storage, and erasing.
RECORD_FUNCTIONS = """
CREATE FUNCTION audit_drop_in_cold_storage(cold_storage_file bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me oid;
    home text;
    dropped bigint;
BEGIN
    GET DIAGNOSTICS me = PG_ROUTINE_OID;
    SELECT pronamespace::regnamespace INTO home FROM pg_proc WHERE oid = me;
    EXECUTE format(
        'DELETE FROM %1$s.audit_record r USING %1$s.audit_coldstoragefile a, %1$s.audit_segment s'
        ' WHERE a.id = $1 AND s.retention = a.retention AND s.number BETWEEN a.first_segment AND a.last_segment'
        '   AND r.retention = s.retention AND (r.xid, r.id) > (s.after_xid, s.after_id)'
        '   AND (r.xid, r.id) <= (s.last_xid, s.last_id)', home)
    USING cold_storage_file;
    GET DIAGNOSTICS dropped = ROW_COUNT;
    RETURN dropped;
END $$;

CREATE FUNCTION audit_erase(actor bigint[], content bigint[]) RETURNS bigint
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
        'UPDATE %s.audit_record SET actor_name = ''(erased)'', impersonator_name = '''','
        ' sentence = ''(erased)'', template = '''', arguments = ''{}'', reason = '''', actor_salt = NULL WHERE id = ANY ($1)', home)
    USING actor;
    GET DIAGNOSTICS erased = ROW_COUNT;
    EXECUTE format(
        'UPDATE %s.audit_record SET request = ''{}'', changes = ''[]'', refusals = ''[]'', content_salt = NULL'
        ' WHERE id = ANY ($1)', home)
    USING content;
    GET DIAGNOSTICS also = ROW_COUNT;
    RETURN erased + also;
END $$;
"""

# 3. Erasure in versions of master data: a text can become "(erased)", and nothing else. The runtime has no right to
#    change versions. The function takes no arguments: it erases the versions that are listed in the record of an erasure
#    written by the same transaction, so there is no erasure without its record.
VERSIONS = """
CREATE FUNCTION audit_erase_versions() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me oid;
    home text;
    erasure record;
    here bigint;
    erased bigint := 0;
BEGIN
    GET DIAGNOSTICS me = PG_ROUTINE_OID;
    SELECT pronamespace::regnamespace INTO home FROM pg_proc WHERE oid = me;
    FOR erasure IN EXECUTE format($query$
        SELECT change ->> 'object' AS versions, change ->> 'field' AS field,
               split_part(ids, '-', 1)::bigint AS low, split_part(ids, '-', -1)::bigint AS high
        FROM %s.audit_record r, jsonb_array_elements(r.changes) change, string_to_table(change ->> 'after', ',') ids
        WHERE r.retention = 'erasures' AND r.xid = pg_current_xact_id()
          AND r.command = 'audit.erase_person' AND r.outcome = 'done'
          AND change ->> 'object' <> 'audit.record' AND ids <> ''
    $query$, home)
    LOOP
        EXECUTE format(
            'UPDATE %s.%I SET %I = ''(erased)'' WHERE history_id BETWEEN $1 AND $2',
            home, erasure.versions, erasure.field)
        USING erasure.low, erasure.high;
        GET DIAGNOSTICS here = ROW_COUNT;
        erased := erased + here;
    END LOOP;
    RETURN erased;
END $$;
"""

RIGHTS = f"""
REVOKE ALL ON FUNCTION audit_drop_in_cold_storage(bigint), audit_erase(bigint[], bigint[]), audit_erase_versions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_drop_in_cold_storage(bigint), audit_erase(bigint[], bigint[]), audit_erase_versions()
    TO {RUNTIME_ROLES};
"""

UNDO = """
DROP FUNCTION audit_drop_in_cold_storage(bigint), audit_erase(bigint[], bigint[]), audit_erase_versions();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        append_only("audit_segment"),
        append_only("audit_coldstoragefile"),
        append_only("audit_verification"),
        migrations.RunSQL(RECORD, "DROP FUNCTION audit_record_stays()"),
        append_only("audit_record", guard="audit_record_stays"),
        migrations.RunSQL(RECORD_FUNCTIONS + VERSIONS + RIGHTS, UNDO),
    ]
