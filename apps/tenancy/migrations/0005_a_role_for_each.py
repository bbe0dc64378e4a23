"""What the runtime may do of the owner's work: make a spare schema with its role, claim one, drop what is to go.

The functions run as the owner, so they trust nothing of the caller's: their own search path, names made from numbers
alone, and a tenant's schema is dropped only while its row says that it is being set up, or that its days are over.
"""

from django.db import migrations

MAKE = """
DROP FUNCTION tenancy_provision(bigint), tenancy_discard(bigint);
GRANT SELECT (fingerprint, made_at) ON tenancy_blueprint TO bursar_app;
REVOKE INSERT, UPDATE, DELETE ON tenancy_spare FROM bursar_app;

CREATE FUNCTION tenancy_make_role(number bigint, schema_name text) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    -- Roles belong to the whole server, so the name says which database it is for.
    made text := format('bursar_t_%s_%s', (SELECT oid FROM pg_database WHERE datname = current_database()), number);
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = made) THEN
        EXECUTE format('CREATE ROLE %I NOLOGIN', made);
    END IF;
    EXECUTE format('GRANT bursar_tables TO %I WITH INHERIT TRUE, SET FALSE', made);
    EXECUTE format('GRANT %I TO bursar_app WITH INHERIT FALSE, SET TRUE', made);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', schema_name, made);
    RETURN made;
END $$;

CREATE FUNCTION tenancy_make_spare(number bigint) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    name text := 'spare_' || number;
    blueprint record;
BEGIN
    SELECT ddl, fingerprint INTO blueprint FROM public.tenancy_blueprint;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'There is no blueprint.' USING ERRCODE = 'BT001';
    END IF;
    IF EXISTS (SELECT FROM public.tenancy_tenant WHERE id = number) THEN
        RAISE EXCEPTION 'The number % is a tenant''s.', number USING ERRCODE = '42501';
    END IF;
    EXECUTE replace(blueprint.ddl, 'bursar_template', name);
    INSERT INTO public.tenancy_spare (id, schema_name, role_name, fingerprint, made_at)
        VALUES (number, name, public.tenancy_make_role(number, name), blueprint.fingerprint, clock_timestamp());
    RETURN name;
END $$;

CREATE FUNCTION tenancy_claim_spare(prefix text, OUT id bigint, OUT schema_name text, OUT role_name text,
    OUT fingerprint varchar)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    spare record;
BEGIN
    IF prefix !~ '^[a-z_]+$' THEN
        RAISE EXCEPTION 'A schema is not called %.', prefix USING ERRCODE = '42602';
    END IF;
    SELECT * INTO spare FROM public.tenancy_spare AS each
        WHERE each.fingerprint = (SELECT blueprint.fingerprint FROM public.tenancy_blueprint AS blueprint)
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

CREATE FUNCTION tenancy_drop(tenant bigint) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    gone record;
BEGIN
    SELECT schema_name, role_name INTO gone FROM public.tenancy_tenant
        WHERE id = tenant AND schema_name ~ '^[a-z_]+[0-9]+$'
          AND (state = 'pending' OR (state = 'deleting' AND delete_after <= current_date)) FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Tenant % is neither being set up nor due to be deleted.', tenant USING ERRCODE = '42501';
    END IF;
    EXECUTE format('DROP SCHEMA IF EXISTS %I CASCADE', gone.schema_name);
    IF gone.role_name ~ '^bursar_t_[0-9]+_[0-9]+$' THEN
        BEGIN
            EXECUTE format('DROP ROLE IF EXISTS %I', gone.role_name);
        EXCEPTION WHEN dependent_objects_still_exist THEN
            NULL;  -- a copy of this database on the same server has a schema that it may use
        END;
    END IF;
END $$;

REVOKE ALL ON FUNCTION tenancy_make_role(bigint, text), tenancy_make_spare(bigint), tenancy_claim_spare(text),
    tenancy_drop(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_make_spare(bigint), tenancy_claim_spare(text), tenancy_drop(bigint) TO bursar_app;
"""

UNDO = """
DROP FUNCTION tenancy_drop(bigint), tenancy_claim_spare(text), tenancy_make_spare(bigint),
    tenancy_make_role(bigint, text);
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0004_lifecycle_and_spares")]
    operations = [migrations.RunSQL(MAKE, UNDO)]
