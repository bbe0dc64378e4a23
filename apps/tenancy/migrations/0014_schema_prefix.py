"""How tenants' schemas are called is the owner's to say, and the runtime's to agree with.

The name stood in the function that makes a schema a tenant's, so that a TENANT_SCHEMA_PREFIX of one's own refused every
new tenant. Each `migrate_schemas` writes what is set into `tenancy_schema_prefix`.
"""

from django.db import migrations

PREFIX = """
CREATE FUNCTION tenancy_schema_prefix() RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT 'tenant_' $$;

CREATE OR REPLACE FUNCTION tenancy_claim_spare(prefix text, OUT id bigint, OUT schema_name text, OUT role_name text,
    OUT fingerprint varchar)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    spare record;
BEGIN
    IF prefix IS DISTINCT FROM public.tenancy_schema_prefix() THEN
        RAISE EXCEPTION 'A tenant''s schema is not called %.', prefix USING ERRCODE = '42602';
    END IF;
    SELECT * INTO spare FROM public.tenancy_spare AS each
        WHERE each.fingerprint = (SELECT blueprint.fingerprint FROM public.tenancy_blueprint AS blueprint)
          AND each.schema_name = 'spare_' || each.id AND each.role_name ~ ('^bursar_t_[0-9]+_' || each.id || '$')
          AND NOT EXISTS (SELECT FROM public.tenancy_tenant AS tenant WHERE tenant.id = each.id)
        ORDER BY each.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    id := spare.id;
    schema_name := prefix || spare.id;
    role_name := spare.role_name;
    fingerprint := spare.fingerprint;
    EXECUTE format('ALTER SCHEMA %I RENAME TO %I', spare.schema_name, schema_name);
    DELETE FROM public.tenancy_spare AS each WHERE each.id = spare.id;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0013_keeping")]
    operations = [migrations.RunSQL(PREFIX, migrations.RunSQL.noop)]
