"""Invariants of tenants in the database, and the functions of the owner that the runtime may call.

The functions run as the owner, so they trust no input of the caller: they set their own search path, build names from
numbers only, and drop a tenant's schema and rows only while its row is pending or due for deletion. The codes are those
in errors.py.
"""

from django.db import migrations

from apps.kernel.db.guards import append_only
from apps.kernel.db.rls import OF_TENANTS
from apps.kernel.db.text_columns import LINES, OPTIONAL, REQUIRED, text_columns

# 1. A tenant's state changes according to `Tenant.TRANSITIONS`, and its epoch only grows. The last two transitions are
#    those of a restore to the state at the time of the backup (`Tenant.RESTORE_TRANSITIONS`).
LIFECYCLE = """
CREATE FUNCTION tenancy_tenant_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('pending', 'trial'), ('pending', 'active'),
        ('trial', 'active'), ('trial', 'suspended'), ('trial', 'archived'),
        ('active', 'suspended'), ('active', 'archived'),
        ('suspended', 'active'), ('suspended', 'archived'), ('suspended', 'deleting'),
        ('archived', 'active'), ('archived', 'deleting'),
        ('deleting', 'archived'),
        ('pending', 'suspended'), ('pending', 'archived')
    ) THEN
        RAISE EXCEPTION 'Tenant % cannot change from % to %.', OLD.id, OLD.state, NEW.state USING ERRCODE = 'BT002',
            DETAIL = format('name=%s; state=%s; to=%s', OLD.name, OLD.state, NEW.state);
    END IF;
    IF NEW.epoch < OLD.epoch THEN
        RAISE EXCEPTION 'The epoch of tenant % only grows.', OLD.id USING ERRCODE = 'BT003',
            DETAIL = format('name=%s', OLD.name);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tenancy_tenant_guard BEFORE UPDATE OF state, epoch ON tenancy_tenant
    FOR EACH ROW EXECUTE FUNCTION tenancy_tenant_guard();
"""

# 2. What is dropped, and in which role a tenant's work is done, is read from its row, which the runtime writes.
NAMES = """
ALTER TABLE tenancy_tenant ADD CONSTRAINT tenant_schema_is_its_own CHECK (schema_name ~ ('^[a-z_]+' || id || '$')),
    ADD CONSTRAINT tenant_role_is_its_own CHECK (role_name = '' OR role_name ~ ('^bursar_t_[0-9]+_' || id || '$'));
"""

# 3. Schemas are made from the blueprint, which a backup file contains too. The owner sets the prefix of tenants' schemas:
#    each `migrate_schemas` writes what is set into `tenancy_schema_prefix`, and the environment into
#    `tenancy_environment`, on which required approvals depend. It is empty in other databases than home.
BLUEPRINT = """
CREATE TABLE tenancy_blueprint (
    one         boolean PRIMARY KEY DEFAULT true CHECK (one),
    ddl         text NOT NULL,
    fingerprint text NOT NULL,
    made_at     timestamptz NOT NULL
);

CREATE FUNCTION tenancy_schema_prefix() RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT 'tenant_' $$;

CREATE FUNCTION tenancy_environment() RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT '' $$;
"""

# 4. A spare schema with its role is created in advance; it can only become the schema of the tenant with its number. CREATE SCHEMA refuses a name that exists.
SPARES = """
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

# 5. Deletion of a tenant: its schema with its role, and its rows in shared tables.
DROPPED = f"""
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

CREATE FUNCTION tenancy_forget(tenant bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    shared text;
    these bigint;
    gone bigint := 0;
BEGIN
    PERFORM FROM public.tenancy_tenant
        WHERE id = tenant AND (state = 'pending' OR (state = 'deleting' AND delete_after <= current_date)) FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Tenant % is neither being set up nor due to be deleted.', tenant USING ERRCODE = '42501';
    END IF;
    FOR shared IN SELECT format('%I.%I', schemaname, tablename) FROM pg_policies
        WHERE policyname = '{OF_TENANTS}' AND schemaname = 'public'
    LOOP
        EXECUTE format('DELETE FROM %s WHERE tenant_id = $1', shared) USING tenant;
        GET DIAGNOSTICS these = ROW_COUNT;
        gone := gone + these;
    END LOOP;
    RETURN gone;
END $$;
"""

# 6. Values of the sequences of a schema, for a backup and its verification.
SEQUENCES = """
CREATE FUNCTION tenancy_sequences(schema_name text) RETURNS TABLE (name text, last bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT relname::text, pg_sequence_last_value(oid) FROM pg_class
    WHERE relkind = 'S' AND relnamespace = to_regnamespace(quote_ident(schema_name)) ORDER BY 1
$$;
"""

RIGHTS = """
REVOKE ALL ON tenancy_blueprint FROM bursar_app;
GRANT SELECT (ddl, fingerprint, made_at) ON tenancy_blueprint TO bursar_app;
REVOKE INSERT, UPDATE, DELETE ON tenancy_spare FROM bursar_app;
GRANT USAGE, SELECT ON SEQUENCE tenancy_tenant_id_seq TO bursar_app;
REVOKE ALL ON FUNCTION tenancy_make_role(bigint, text), tenancy_make_spare(bigint), tenancy_claim_spare(text),
    tenancy_drop(bigint), tenancy_forget(bigint), tenancy_sequences(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_make_spare(bigint), tenancy_claim_spare(text), tenancy_drop(bigint),
    tenancy_forget(bigint), tenancy_sequences(text) TO bursar_app;
"""

UNDO = """
REVOKE ALL ON SEQUENCE tenancy_tenant_id_seq FROM bursar_app;
GRANT INSERT, UPDATE, DELETE ON tenancy_spare TO bursar_app;
DROP FUNCTION tenancy_sequences(text), tenancy_forget(bigint), tenancy_drop(bigint), tenancy_claim_spare(text),
    tenancy_make_spare(bigint), tenancy_make_role(bigint, text), tenancy_schema_prefix(),
    tenancy_environment();
DROP TABLE tenancy_blueprint;
ALTER TABLE tenancy_tenant DROP CONSTRAINT tenant_schema_is_its_own, DROP CONSTRAINT tenant_role_is_its_own;
DROP TRIGGER tenancy_tenant_guard ON tenancy_tenant;
DROP FUNCTION tenancy_tenant_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0001_initial")]
    operations = [
        append_only("tenancy_erasure"),
        migrations.RunSQL(LIFECYCLE + NAMES + BLUEPRINT + SPARES + DROPPED + SEQUENCES + RIGHTS, UNDO),
        text_columns(
            "tenancy_tenant", name=REQUIRED, owner_email=OPTIONAL, state_reason=LINES, region=OPTIONAL
        ),
        text_columns("tenancy_database", key=REQUIRED, region=OPTIONAL),
        text_columns("tenancy_erasure", reason=LINES),
    ]
