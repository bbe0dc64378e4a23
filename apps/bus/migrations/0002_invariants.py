"""A used idempotency key is immutable until it expires, because a deleted key would allow a second payment."""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES

GUARD = f"""
CREATE FUNCTION idempotency_key_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND OLD.expires_at < clock_timestamp() THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'A used idempotency key is immutable.'
        USING ERRCODE = '42501', DETAIL = format('table=%s; operation=%s', TG_TABLE_NAME, TG_OP);
END $$;
CREATE TRIGGER idempotency_key_stays BEFORE UPDATE OR DELETE ON bus_idempotencykey
    FOR EACH ROW EXECUTE FUNCTION idempotency_key_stays();
CREATE TRIGGER idempotency_keys_are_not_emptied BEFORE TRUNCATE ON bus_idempotencykey
    FOR EACH STATEMENT EXECUTE FUNCTION idempotency_key_stays();
REVOKE UPDATE, TRUNCATE ON bus_idempotencykey FROM {RUNTIME_ROLES};
"""

UNDO = f"""
DROP TRIGGER idempotency_key_stays ON bus_idempotencykey;
DROP TRIGGER idempotency_keys_are_not_emptied ON bus_idempotencykey;
DROP FUNCTION idempotency_key_stays();
GRANT UPDATE ON bus_idempotencykey TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("bus", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNDO)]
