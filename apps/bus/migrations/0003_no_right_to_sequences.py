"""Nobody who works here may turn a sequence by hand.

A sequence is found by its number without a look at its schema, so the right that the tenants' group had was a right to
those of all tenants. Identity columns count without it. This stands in the first app that every schema has.
"""

from django.db import migrations

from apps.kernel.guards import RUNTIME_ROLES

# Where there is nothing to take back, nothing is written: a schema of the blueprint is one of the migrations.
TAKE = f"""
DO $$
DECLARE
    name text;
BEGIN
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I REVOKE USAGE, SELECT ON SEQUENCES FROM {RUNTIME_ROLES}',
        current_schema());
    FOR name IN SELECT DISTINCT pg_class.oid::regclass::text FROM pg_class, aclexplode(relacl)
        WHERE relkind = 'S' AND relnamespace = current_schema()::regnamespace AND grantee IN (
            SELECT oid FROM pg_roles WHERE rolname = ANY (string_to_array('{RUNTIME_ROLES}', ', ')))
    LOOP
        EXECUTE format('REVOKE ALL ON SEQUENCE %s FROM {RUNTIME_ROLES}', name);
    END LOOP;
END $$;
"""  # noqa: S608 - names of ours
GIVE_BACK = f"""
DO $$
BEGIN
    EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT USAGE, SELECT ON SEQUENCES TO {RUNTIME_ROLES}',
        current_schema());
    EXECUTE format('GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA %I TO {RUNTIME_ROLES}', current_schema());
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("bus", "0002_keys_stay")]
    operations = [migrations.RunSQL(TAKE, GIVE_BACK)]
