"""Versions of master data forget a person: a word of theirs can become "(erased)", and nothing else.

The runtime has no right to change them. It calls a function of the owner's, which takes no wishes: it erases what the
record of an erasure says that the same transaction has written. So there is no erasing that the trail does not know.
"""

from django.db import migrations

from apps.kernel.guards import REFUSE, RUNTIME_ROLES

WAY = """
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
REVOKE ALL ON FUNCTION audit_erase_versions() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_erase_versions() TO {RUNTIME_ROLES};
"""

UNDO = """
DROP FUNCTION audit_erase_versions();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_stopped_at")]
    operations = [
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(WAY + RIGHTS, UNDO),
    ]
