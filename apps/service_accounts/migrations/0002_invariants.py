"""Invariants of service accounts that hold against raw SQL of the runtime: what ended stays ended, and a token is what
it was when it was made."""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES
from apps.kernel.db.text_columns import LINES, REQUIRED, text_columns

GUARDS = """
CREATE FUNCTION service_accounts_account_stays_revoked() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.revoked_at IS NOT NULL OR (NEW.scopes, NEW.created_at) IS DISTINCT FROM (OLD.scopes, OLD.created_at) THEN
        RAISE EXCEPTION 'A revoked service account does not change, and scopes never do.' USING ERRCODE = 'BX001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER service_accounts_account_stays_revoked BEFORE UPDATE ON service_accounts_serviceaccount
    FOR EACH ROW EXECUTE FUNCTION service_accounts_account_stays_revoked();

CREATE FUNCTION service_accounts_token_only_ends() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.expires_at > OLD.expires_at OR (NEW.account_id, NEW.digest, NEW.tenant_epoch, NEW.issued_at)
        IS DISTINCT FROM (OLD.account_id, OLD.digest, OLD.tenant_epoch, OLD.issued_at)
    THEN
        RAISE EXCEPTION 'Of a token only its end changes, to an earlier instant.' USING ERRCODE = 'BX002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER service_accounts_token_only_ends BEFORE UPDATE ON service_accounts_servicetoken
    FOR EACH ROW EXECUTE FUNCTION service_accounts_token_only_ends();
"""

UNDO = """
DROP TRIGGER service_accounts_account_stays_revoked ON service_accounts_serviceaccount;
DROP FUNCTION service_accounts_account_stays_revoked();
DROP TRIGGER service_accounts_token_only_ends ON service_accounts_servicetoken;
DROP FUNCTION service_accounts_token_only_ends();
"""
TABLES = "service_accounts_serviceaccount, service_accounts_servicetoken"


class Migration(migrations.Migration):
    dependencies = [("service_accounts", "0001_initial")]
    operations = [
        migrations.RunSQL(GUARDS, UNDO),
        migrations.RunSQL(
            f"REVOKE DELETE, TRUNCATE ON {TABLES} FROM {RUNTIME_ROLES}",
            f"GRANT DELETE ON {TABLES} TO {RUNTIME_ROLES}",
        ),
        text_columns(
            "service_accounts_serviceaccount", name=REQUIRED, purpose=REQUIRED, revoked_reason=LINES
        ),
    ]
