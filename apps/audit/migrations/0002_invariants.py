"""Invariants of the audit log that the database enforces: rows are written by one function, and immutable except for
two others.

The functions belong to the owner of the tables, the only role that may insert, delete and update, and triggers check
each change. The schema of a tenant is renamed, so a function looks up its own schema, or is bound to its tables by
`BEGIN ATOMIC`.
"""

from django.conf import settings
from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES, append_only

# 1. A record is deleted only when it is old and in cold storage, and updated only to erase a person.
YEARS_OF = "(CASE OLD.retention {} ELSE interval '{} years' END)".format(
    " ".join(
        f"WHEN '{name}' THEN interval '{years} years'"
        for name, years in settings.AUDIT_RETENTION_YEARS.items()
    ),
    max(settings.AUDIT_RETENTION_YEARS.values()),
)
RECORD = """
CREATE FUNCTION audit_record_stays() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    allowed boolean := false;
BEGIN
    IF TG_OP = 'DELETE' THEN
        -- A record within its retention is never deleted, whatever audit_coldstoragefile contains.
        IF OLD.at < now() - {YEARS_OF} THEN
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
            AND NEW.actor_id IS NOT DISTINCT FROM OLD.actor_id AND NEW.duration_us IS NOT DISTINCT FROM OLD.duration_us
            AND (NEW.database_user, NEW.backend_pid) = (OLD.database_user, OLD.backend_pid)
            AND (NEW.actor_salt IS NULL
                 AND (NEW.actor_name, NEW.impersonator_name, NEW.sentence, NEW.template, NEW.arguments, NEW.reason)
                   = ('(erased)', '', '(erased)', '', '{}', '')
              OR NEW.actor_salt IS NOT DISTINCT FROM OLD.actor_salt
                 AND (NEW.actor_name, NEW.impersonator_name, NEW.sentence, NEW.template, NEW.arguments, NEW.reason)
                   = (OLD.actor_name, OLD.impersonator_name, OLD.sentence, OLD.template, OLD.arguments, OLD.reason))
            AND (NEW.content_salt IS NULL
                 AND (OLD.content_salt IS NULL OR OLD.retention <> 'financial' OR OLD.at < now() - {YEARS_OF})
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
""".replace("{YEARS_OF}", YEARS_OF)

# 2. Records in cold storage are dropped.
DROP_IN_COLD_STORAGE = """
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
"""

# 3. Erasure of a person from records and from versions of master data. It erases what a row of audit_erasure lists, and
#    no content of financial rows within their retention. A text can become "(erased)", and nothing else.
ERASE = """
CREATE FUNCTION audit_erase(erasure bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me oid;
    home text;
    listed record;
    version record;
    is_retained boolean;
BEGIN
    GET DIAGNOSTICS me = PG_ROUTINE_OID;
    SELECT pronamespace::regnamespace INTO home FROM pg_proc WHERE oid = me;
    EXECUTE format('SELECT actor, content, versions FROM %s.audit_erasure WHERE id = $1', home)
        INTO listed USING erasure;
    EXECUTE format($query$
        UPDATE %s.audit_record SET actor_name = '(erased)', impersonator_name = '', sentence = '(erased)', template = '',
            arguments = '{}', reason = '', actor_salt = NULL
        FROM string_to_table($1, ',') ids
        WHERE ids <> '' AND id BETWEEN split_part(ids, '-', 1)::bigint AND split_part(ids, '-', -1)::bigint
    $query$, home) USING listed.actor;
    EXECUTE format($query$
        UPDATE %s.audit_record SET request = '{}', changes = '[]', refusals = '[]', content_salt = NULL
        FROM string_to_table($1, ',') ids
        WHERE ids <> '' AND id BETWEEN split_part(ids, '-', 1)::bigint AND split_part(ids, '-', -1)::bigint
    $query$, home) USING listed.content;
    FOR version IN SELECT one ->> 'table' AS name, one ->> 'field' AS field, one ->> 'ids' AS ids
        FROM jsonb_array_elements(listed.versions) one
    LOOP
        EXECUTE format($query$ SELECT %s.audit_class_of($1) = 'financial' AND $2 <> ALL ($3) $query$, home)
            INTO is_retained USING split_part(version.name, '_', 1) || '.', version.field,
                ARRAY['actor_name', 'history_change_reason', 'impersonator_name'];
        EXECUTE format($query$
            UPDATE %s.%I SET %I = '(erased)' FROM string_to_table($1, ',') ids
            WHERE ids <> '' AND history_id BETWEEN split_part(ids, '-', 1)::bigint AND split_part(ids, '-', -1)::bigint
              AND (NOT $2 OR history_date < now() - interval '{YEARS} years')
        $query$, home, version.name, version.field) USING version.ids, is_retained;
    END LOOP;
END $$;
""".replace("{YEARS}", str(settings.AUDIT_RETENTION_YEARS["financial"]))

ERASURE_RIGHTS = f"""
REVOKE ALL ON FUNCTION audit_drop_in_cold_storage(bigint), audit_erase(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_drop_in_cold_storage(bigint), audit_erase(bigint) TO {RUNTIME_ROLES};
"""

ERASURE_UNDO = "DROP FUNCTION audit_drop_in_cold_storage(bigint), audit_erase(bigint);"

# 4. The rollup counts each record once: the statement that adds to the counts moves the cursor. Records of transactions
#    that are open, and of those that follow them, wait. It runs alone: a second call waits for the lock, and then
#    continues after the first. The runtime changes neither table otherwise.
ROLLUP = """
CREATE FUNCTION audit_roll_up() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me oid;
    home text;
    taken bigint;
BEGIN
    GET DIAGNOSTICS me = PG_ROUTINE_OID;
    SELECT pronamespace::regnamespace INTO home FROM pg_proc WHERE oid = me;
    EXECUTE format('LOCK TABLE %s.audit_rollupcursor IN SHARE ROW EXCLUSIVE MODE', home);
    EXECUTE format($query$
        WITH RECURSIVE class AS (
            (SELECT retention FROM %1$s.audit_record ORDER BY retention LIMIT 1)
            UNION ALL
            SELECT (SELECT r.retention FROM %1$s.audit_record r
                    WHERE r.retention > class.retention ORDER BY r.retention LIMIT 1)
            FROM class WHERE class.retention IS NOT NULL
        ), taken AS MATERIALIZED (
            SELECT record.* FROM class LEFT JOIN %1$s.audit_rollupcursor after USING (retention)
            CROSS JOIN LATERAL (
                SELECT r.retention, r.xid, r.id, r.at, r.command, r.outcome, r.duration_us
                FROM %1$s.audit_record r
                WHERE r.retention = class.retention
                  AND (r.xid, r.id) > (coalesce(after.xid, '0'), coalesce(after.record_id, 0))
                  AND r.xid < pg_snapshot_xmin(pg_current_snapshot())
                ORDER BY r.xid, r.id LIMIT 10000
            ) record
        ), moved AS (
            INSERT INTO %1$s.audit_rollupcursor (retention, xid, record_id)
            SELECT DISTINCT ON (retention) retention, xid, id FROM taken ORDER BY retention, xid DESC, id DESC
            ON CONFLICT (retention) DO UPDATE SET xid = excluded.xid, record_id = excluded.record_id
        ), counted AS (
            INSERT INTO %1$s.audit_commandminute AS known
                (minute, command, succeeded, repeated, refused, failed, total_us, max_us)
            SELECT date_trunc('minute', at, 'UTC'), command,
                   count(*) FILTER (WHERE outcome = 'done'), count(*) FILTER (WHERE outcome = 'repeated'),
                   count(*) FILTER (WHERE outcome = 'refused'), count(*) FILTER (WHERE outcome = 'failed'),
                   sum(duration_us), max(duration_us)
            FROM taken WHERE duration_us IS NOT NULL GROUP BY 1, 2
            ON CONFLICT (minute, command) DO UPDATE SET
                succeeded = known.succeeded + excluded.succeeded, repeated = known.repeated + excluded.repeated,
                refused = known.refused + excluded.refused, failed = known.failed + excluded.failed,
                total_us = known.total_us + excluded.total_us, max_us = greatest(known.max_us, excluded.max_us)
        )
        SELECT count(*) FROM taken
    $query$, home) INTO taken;
    EXECUTE format($query$
        DELETE FROM %s.audit_commandminute WHERE minute < now() - interval '35 days'
    $query$, home);
    RETURN taken;
END $$;
"""

ROLLUP_RIGHTS = f"""
REVOKE ALL ON FUNCTION audit_roll_up() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_roll_up() TO {RUNTIME_ROLES};
REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON audit_commandminute, audit_rollupcursor FROM {RUNTIME_ROLES};
"""

ROLLUP_UNDO = f"""
GRANT INSERT, UPDATE, DELETE ON audit_commandminute, audit_rollupcursor TO {RUNTIME_ROLES};
DROP FUNCTION audit_roll_up();
"""

# 5. The outcome of a unit of work. The class of a record is that of the app of its command; a caller chooses neither
#    class nor time, id, transaction, session and tenant. Nothing relies on row-level security: the owner's policies
#    apply inside.
CLASS_OF = "\n".join(
    f"        WHEN '{app}' THEN '{name}'" for app, name in sorted(settings.AUDIT_RETENTION_OF.items())
)
OUTCOME = f"""
CREATE FUNCTION audit_class_of(command text) RETURNS text LANGUAGE sql IMMUTABLE
RETURN CASE
    WHEN command IN ('audit.read_audit_log', 'audit.export_audit_log') THEN 'access'
    WHEN command = 'audit.erase_person' THEN 'erasures'
    ELSE CASE split_part(command, '.', 1)
{CLASS_OF}
        ELSE 'default' END
END;

CREATE FUNCTION record_outcome(records jsonb, keys jsonb, events jsonb) RETURNS void LANGUAGE sql SECURITY DEFINER
BEGIN ATOMIC
    INSERT INTO audit_record (at, command, outcome, sentence, template, arguments, actor_id, actor_name,
        impersonator_name, reason, subject_type, subject_id, request, changes, refusals, correlation_id, causation_id,
        duration_us, retention, actor_salt, actor_commitment, content_salt, content_commitment, database_user, backend_pid)
    SELECT clock_timestamp(), command, outcome, sentence, template, arguments, actor_id, actor_name,
        impersonator_name, reason, subject_type, subject_id, request, changes, refusals, correlation_id, causation_id,
        duration_us, audit_class_of(command), decode(actor_salt, 'hex'), decode(actor_commitment, 'hex'),
        decode(content_salt, 'hex'), decode(content_commitment, 'hex'), session_user, pg_backend_pid()
    FROM jsonb_to_recordset(records) AS written (command text, outcome text, sentence text, template text,
        arguments text, actor_id bigint, actor_name text, impersonator_name text, reason text, subject_type text,
        subject_id text, request jsonb, changes jsonb, refusals jsonb, correlation_id text, causation_id text,
        duration_us bigint, actor_salt text, actor_commitment text, content_salt text, content_commitment text);

    DELETE FROM bus_idempotencykey expired USING jsonb_to_recordset(keys) AS written (scope text, key text)
    WHERE expired.scope = written.scope AND expired.key = written.key AND expired.expires_at < clock_timestamp();

    INSERT INTO bus_idempotencykey (scope, key, fingerprint, result, response, used_at, expires_at)
    SELECT scope, key, fingerprint, result, response, clock_timestamp(),
        CASE WHEN is_permanent THEN NULL ELSE clock_timestamp() + interval '30 days' END
    FROM jsonb_to_recordset(keys) AS written (scope text, key text, fingerprint text, result jsonb, response text,
        is_permanent boolean);

    INSERT INTO events_outboxevent (tenant_id, name, version, aggregate, payload, correlation_id, causation_id,
        traceparent, queue, occurred_at, due_at)
    SELECT nullif(current_setting('app.current_tenant', true), '')::bigint, name, version, aggregate, payload,
        correlation_id, causation_id, traceparent, queue, occurred_at, due_at
    FROM jsonb_to_recordset(events) AS written (name text, version smallint, aggregate text, payload jsonb,
        correlation_id text, causation_id text, traceparent text, queue text, occurred_at timestamptz,
        due_at timestamptz);
END;

REVOKE INSERT ON audit_record, bus_idempotencykey FROM {RUNTIME_ROLES};
REVOKE ALL ON FUNCTION audit_class_of(text), record_outcome(jsonb, jsonb, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_class_of(text), record_outcome(jsonb, jsonb, jsonb) TO {RUNTIME_ROLES};
"""

UNDO_OUTCOME = f"""
DROP FUNCTION record_outcome(jsonb, jsonb, jsonb), audit_class_of(text);
GRANT INSERT ON audit_record, bus_idempotencykey TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("bus", "0002_invariants"), ("events", "0002_invariants")]
    operations = [
        append_only("audit_segment"),
        append_only("audit_coldstoragefile"),
        append_only("audit_erasure"),
        append_only("audit_verification"),
        migrations.RunSQL(RECORD, "DROP FUNCTION audit_record_stays()"),
        append_only("audit_record", guard="audit_record_stays"),
        migrations.RunSQL(DROP_IN_COLD_STORAGE + ERASE + ERASURE_RIGHTS, ERASURE_UNDO),
        migrations.RunSQL(ROLLUP + ROLLUP_RIGHTS, ROLLUP_UNDO),
        migrations.RunSQL(OUTCOME, UNDO_OUTCOME),
    ]
