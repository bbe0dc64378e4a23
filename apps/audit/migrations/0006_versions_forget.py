"""Versions of master data forget a person: a word of theirs can become "(erased)", and nothing else.

The runtime has no right to change them. It calls a function of the owner's, which the trigger holds to that shape.
"""

from django.db import migrations

from apps.kernel.guards import REFUSE, RUNTIME_ROLES

WAY = """
CREATE FUNCTION audit_erase_versions(versions text, field text, ids bigint[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    me oid;
    home text;
    erased bigint;
BEGIN
    GET DIAGNOSTICS me = PG_ROUTINE_OID;
    SELECT pronamespace::regnamespace INTO home FROM pg_proc WHERE oid = me;
    EXECUTE format('UPDATE %s.%I SET %I = ''(erased)'' WHERE history_id = ANY ($1)', home, versions, field)
    USING ids;
    GET DIAGNOSTICS erased = ROW_COUNT;
    RETURN erased;
END $$;
"""

RIGHTS = f"""
REVOKE ALL ON FUNCTION audit_erase_versions(text, text, bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_erase_versions(text, text, bigint[]) TO {RUNTIME_ROLES};
"""

UNDO = """
DROP FUNCTION audit_erase_versions(text, text, bigint[]);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0005_stopped_at")]
    operations = [
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(WAY + RIGHTS, UNDO),
    ]
