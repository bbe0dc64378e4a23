"""What the runtime may do of the owner's work: replay the blueprint for a pending tenant, and drop that again."""

from django.db import migrations

BLUEPRINT = """
CREATE TABLE tenancy_blueprint (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    ddl         text NOT NULL,
    fingerprint text NOT NULL,
    made_at     timestamptz NOT NULL
);
REVOKE ALL ON tenancy_blueprint FROM bursar_app;
"""

# The function runs as the owner, so it trusts nothing of the caller's: its own search path, the schema's name from
# the tenant's row and only for a tenant that is still pending. CREATE SCHEMA refuses a name that exists.
PROVISION = """
CREATE FUNCTION tenancy_provision(tenant bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text;
    blueprint text;
BEGIN
    SELECT schema_name INTO name FROM public.tenancy_tenant
        WHERE id = tenant AND state = 'pending' AND schema_name ~ '^[a-z_]+[0-9]+$' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Tenant % is not pending.', tenant USING ERRCODE = '42501';
    END IF;
    SELECT ddl INTO blueprint FROM public.tenancy_blueprint;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no blueprint.' USING ERRCODE = 'BT001';
    END IF;
    EXECUTE replace(blueprint, 'bursar_template', name);
    RETURN name;
END $$;

CREATE FUNCTION tenancy_discard(tenant bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text;
BEGIN
    SELECT schema_name INTO name FROM public.tenancy_tenant
        WHERE id = tenant AND state = 'pending' AND schema_name ~ '^[a-z_]+[0-9]+$' FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Tenant % is not pending.', tenant USING ERRCODE = '42501';
    END IF;
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', name);
    RETURN name;
END $$;

REVOKE ALL ON FUNCTION tenancy_provision(bigint), tenancy_discard(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_provision(bigint), tenancy_discard(bigint) TO bursar_app;
"""

UNDO = """
DROP FUNCTION tenancy_provision(bigint), tenancy_discard(bigint);
DROP TABLE tenancy_blueprint;
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]
    operations = [migrations.RunSQL(BLUEPRINT + PROVISION, UNDO)]
