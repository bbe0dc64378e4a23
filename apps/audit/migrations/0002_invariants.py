"""What the database itself keeps true of the audit log: rows stay; they are dropped or erased in three ways only.

Each way is a function of the owner, who alone may delete and update, and the triggers hold it to its shape. No body
names a schema: a function finds its own, so that a schema can be renamed.
"""

from django.db import migrations

from apps.kernel.guards import RUNTIME_ROLES, append_only

# 1. A record is deleted only when it is old and archived, and updated only to erase a person's words.
RECORD = """
CREATE FUNCTION audit_record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed boolean := false;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- Whatever a row of audit_archive says, nothing young leaves the audit log.
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
"""

# 2. The two ways of a record: dropping what an archive holds, and erasing.
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

# 3. Versions of master data forget a person: a word of theirs can become "(erased)", and nothing else. The runtime has no
#    right to change them. The function takes no arguments: it erases what the record of an erasure names that the same
#    transaction has written, so there is no erasure without its record.
VERSIONS = """
CREATE FUNCTION audit_erase_versions() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me oid;
    home text;
    said record;
    here bigint;
    erased bigint := 0;
BEGIN
    GET DIAGNOSTICS me = PG_ROUTINE_OID;
    SELECT pronamespace::regnamespace INTO home FROM pg_proc WHERE oid = me;
    FOR said IN EXECUTE format($say$
        SELECT change ->> 'object' AS versions, change ->> 'field' AS field,
               split_part(ids, '-', 1)::bigint AS low, split_part(ids, '-', -1)::bigint AS high
        FROM %s.audit_record r, jsonb_array_elements(r.changes) change, string_to_table(change ->> 'after', ',') ids
        WHERE r.retention = 'erasures' AND r.xid = pg_current_xact_id()
          AND r.command = 'audit.erase_person' AND r.outcome = 'done'
          AND change ->> 'object' <> 'audit.record' AND ids <> ''
    $say$, home)
    LOOP
        EXECUTE format(
            'UPDATE %s.%I SET %I = ''(erased)'' WHERE history_id BETWEEN $1 AND $2',
            home, said.versions, said.field)
        USING said.low, said.high;
        GET DIAGNOSTICS here = ROW_COUNT;
        erased := erased + here;
    END LOOP;
    RETURN erased;
END $$;
"""

RIGHTS = f"""
REVOKE ALL ON FUNCTION audit_drop_archived(bigint), audit_erase(bigint[], bigint[]), audit_erase_versions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_drop_archived(bigint), audit_erase(bigint[], bigint[]), audit_erase_versions()
    TO {RUNTIME_ROLES};
"""

UNDO = """
DROP FUNCTION audit_drop_archived(bigint), audit_erase(bigint[], bigint[]), audit_erase_versions();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]
    operations = [
        append_only("audit_segment"),
        append_only("audit_archive"),
        append_only("audit_verification"),
        migrations.RunSQL(RECORD, "DROP FUNCTION audit_record_stays()"),
        append_only("audit_record", guard="audit_record_stays"),
        migrations.RunSQL(WAYS + VERSIONS + RIGHTS, UNDO),
    ]
