"""A spare becomes the schema of the tenant that has its number, and nothing else.

The runtime chose the beginning of the name, and so could have given a tenant's schema one by which nothing knows it any
more, or a name that something else stands for. It may still say what it expects, since the running version does.
"""

from django.db import migrations

CLAIM = """
CREATE OR REPLACE FUNCTION tenancy_claim_spare(prefix text, OUT id bigint, OUT schema_name text, OUT role_name text,
    OUT fingerprint varchar)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    spare record;
BEGIN
    IF prefix IS DISTINCT FROM 'tenant_' THEN
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
    schema_name := 'tenant_' || spare.id;
    role_name := spare.role_name;
    fingerprint := spare.fingerprint;
    EXECUTE format('ALTER SCHEMA %I RENAME TO %I', spare.schema_name, schema_name);
    DELETE FROM public.tenancy_spare AS each WHERE each.id = spare.id;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0012_sequences")]
    operations = [migrations.RunSQL(CLAIM, migrations.RunSQL.noop)]
