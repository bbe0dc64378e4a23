"""The trigger on settings that name an account also checks the type of the account, and that settings differ. The apps
that declare the settings add the arguments (guards.accepted_account)."""

from django.db import migrations

from apps.ledger.guards import ACCOUNT_SETTING_GUARD

GUARD = """
CREATE OR REPLACE FUNCTION ledger_account_setting_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named text := CASE WHEN TG_OP = 'DELETE' THEN TG_ARGV[1] ELSE NEW.value #>> '{}' END;
    account_id bigint;
    account_is_active boolean;
    account_type text;
    has_children boolean;
    code text;
    other text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'The setting % is changed in READ COMMITTED only.', TG_ARGV[0]
            USING ERRCODE = 'BL017', DETAIL = format('account=%s', named);
    END IF;
    EXECUTE format('SELECT id FROM %I.ledger_account WHERE code = $1 FOR SHARE', TG_TABLE_SCHEMA)
        INTO account_id USING named;
    EXECUTE format($sql$
        SELECT is_active, type,
               EXISTS (SELECT FROM %1$I.ledger_account AS child WHERE child.parent_id = account.id)
        FROM %1$I.ledger_account AS account WHERE account.id = $1
        $sql$, TG_TABLE_SCHEMA) INTO account_is_active, account_type, has_children USING account_id;
    code := CASE WHEN account_id IS NULL THEN 'BL013' WHEN NOT account_is_active THEN 'BL014'
        WHEN has_children THEN 'BL015'
        WHEN NOT account_type = ANY (string_to_array(TG_ARGV[2], ',')) THEN 'BL018' END;
    IF code IS NOT NULL AND (TG_OP <> 'DELETE' OR code <> 'BL013') THEN
        RAISE EXCEPTION 'Account % of the setting % takes none of its postings.', named, TG_ARGV[0]
            USING ERRCODE = code, DETAIL = format('setting=%s; account=%s; type=%s; types=%s', TG_ARGV[0], named,
                account_type, replace(TG_ARGV[2], ',', ', '));
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || ':account-settings', 0));
    EXECUTE format($sql$
        SELECT declared.key FROM jsonb_each_text($1::jsonb) AS declared
        LEFT JOIN %I.settings_setting AS setting USING (key)
        WHERE coalesce(setting.value #>> '{}', declared.value) = $2 ORDER BY declared.key LIMIT 1
        $sql$, TG_TABLE_SCHEMA) INTO other USING TG_ARGV[3], named;
    IF other IS NOT NULL THEN
        RAISE EXCEPTION 'The settings % and % would name the same account %.', TG_ARGV[0], other, named
            USING ERRCODE = 'BL019', DETAIL = format('setting=%s; other=%s; account=%s', TG_ARGV[0], other, named);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    RETURN NEW;
END $$;
"""
BEFORE = ACCOUNT_SETTING_GUARD.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")


class Migration(migrations.Migration):
    dependencies = [("ledger", "0003_search")]
    operations = [migrations.RunSQL(GUARD, BEFORE)]
