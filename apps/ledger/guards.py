"""The database side of hooks.py: triggers that the app with the setting or the document adds in its migration.

An entry that a document booked is never reversed: a trigger per app, which has the facts of its documents as arguments.
It reads the source of a posted entry, which never changes, so it needs no lock.

Settings that name an account have triggers on accounts and on settings.

The row of the account is the one lock of both sides. Deactivating an account and opening a child below it lock the row
and then read the setting; changing the setting locks the row of the account that it will name and then reads the
account. Settings that must differ are changed one after the other (migration 0004). The lock and the read are separate
statements: the snapshot of the statement that waited for the lock is too old. Both are refused in other isolation
levels than READ COMMITTED, in which all statements share a snapshot.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from django.db import migrations

NAMED_ACCOUNT_GUARD = """
CREATE FUNCTION ledger_named_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed text;
    named text;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.code = OLD.code AND (NEW.is_active OR NOT OLD.is_active) THEN
            RETURN NEW;
        END IF;
        changed := OLD.code;
    ELSIF NEW.parent_id IS NULL THEN
        RETURN NEW;
    ELSE
        EXECUTE format('SELECT code FROM %I.ledger_account WHERE id = $1 FOR NO KEY UPDATE', TG_TABLE_SCHEMA)
            INTO changed USING NEW.parent_id;
    END IF;
    EXECUTE format($sql$SELECT value #>> '{}' FROM %I.settings_setting WHERE key = $1$sql$, TG_TABLE_SCHEMA)
        INTO named USING TG_ARGV[0];
    IF coalesce(named, TG_ARGV[1]) = changed THEN
        RAISE EXCEPTION 'The setting % names account %.', TG_ARGV[0], changed
            USING ERRCODE = 'BL016', DETAIL = format('setting=%s; account=%s', TG_ARGV[0], changed);
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'Account % is changed like this in READ COMMITTED only.', changed
            USING ERRCODE = 'BL017', DETAIL = format('account=%s', changed);
    END IF;
    RETURN NEW;
END $$;
"""
ACCOUNT_SETTING_GUARD = """
CREATE FUNCTION ledger_account_setting_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named text := CASE WHEN TG_OP = 'DELETE' THEN TG_ARGV[1] ELSE NEW.value #>> '{}' END;
    account_id bigint;
    account_is_active boolean;
    has_children boolean;
    code text;
BEGIN
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE EXCEPTION 'The setting % is changed in READ COMMITTED only.', TG_ARGV[0]
            USING ERRCODE = 'BL017', DETAIL = format('account=%s', named);
    END IF;
    EXECUTE format('SELECT id FROM %I.ledger_account WHERE code = $1 FOR SHARE', TG_TABLE_SCHEMA)
        INTO account_id USING named;
    EXECUTE format($sql$
        SELECT is_active, EXISTS (SELECT FROM %1$I.ledger_account AS child WHERE child.parent_id = account.id)
        FROM %1$I.ledger_account AS account WHERE account.id = $1
        $sql$, TG_TABLE_SCHEMA) INTO account_is_active, has_children USING account_id;
    code := CASE WHEN account_id IS NULL THEN 'BL013' WHEN NOT account_is_active THEN 'BL014'
        WHEN has_children THEN 'BL015' END;
    IF TG_OP = 'DELETE' THEN
        IF code IN ('BL014', 'BL015') THEN
            RAISE EXCEPTION 'The default account % of % takes no postings.', named, TG_ARGV[0]
                USING ERRCODE = code, DETAIL = format('setting=%s; account=%s', TG_ARGV[0], named);
        END IF;
        RETURN OLD;
    END IF;
    IF code IS NOT NULL THEN
        RAISE EXCEPTION 'Account % of the setting % takes no postings.', named, TG_ARGV[0]
            USING ERRCODE = code, DETAIL = format('setting=%s; account=%s', TG_ARGV[0], named);
    END IF;
    RETURN NEW;
END $$;
"""
"""The arguments of their triggers: the key of the setting, its default, and, of later migrations, the types of account
that it accepts and the settings that must name another account, with their defaults."""
NAMED_ACCOUNT_GUARDS = NAMED_ACCOUNT_GUARD + ACCOUNT_SETTING_GUARD
UNDO_NAMED_ACCOUNT_GUARDS = """
DROP FUNCTION ledger_account_setting_guard() CASCADE;
DROP FUNCTION ledger_named_account_guard() CASCADE;
"""


def named_account(key: str, default: str) -> migrations.RunSQL:
    """The account that the setting names, by its value or the default, stays active and without children. The
    declaration has the same default (a test compares them)."""
    name = _trigger(key)
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON ledger_account FOR EACH ROW"
        f" EXECUTE FUNCTION ledger_named_account_guard('{key}', '{default}');"
        + _setting_triggers(key, f"'{key}', '{default}'"),
        f"{_drop_setting_triggers(key)} DROP TRIGGER {name} ON ledger_account",
    )


def accepted_account(
    key: str, default: str, *, types: Sequence[str], differs_from: Mapping[str, str] | None = None
) -> migrations.RunSQL:
    """After `named_account`: the setting names only accounts of these types, and no account that a setting of
    `differs_from`, with its default, names. The declaration has the same values (a test compares them)."""
    others = json.dumps(differs_from or {}, sort_keys=True)
    before, after = f"'{key}', '{default}'", f"'{key}', '{default}', '{','.join(types)}', '{others}'"
    drop = _drop_setting_triggers(key)
    return migrations.RunSQL(drop + _setting_triggers(key, after), drop + _setting_triggers(key, before))


def _trigger(key: str) -> str:
    return f"ledger_named_by_{key.replace('.', '_')}"


def _setting_triggers(key: str, arguments: str) -> str:
    name = _trigger(key)
    return (
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON settings_setting FOR EACH ROW WHEN (NEW.key = '{key}')"
        f" EXECUTE FUNCTION ledger_account_setting_guard({arguments});"
        f"CREATE TRIGGER {name}_again BEFORE DELETE ON settings_setting FOR EACH ROW WHEN (OLD.key = '{key}')"
        f" EXECUTE FUNCTION ledger_account_setting_guard({arguments});"
    )


def _drop_setting_triggers(key: str) -> str:
    name = _trigger(key)
    return f"DROP TRIGGER {name}_again ON settings_setting; DROP TRIGGER {name} ON settings_setting;"


DOCUMENT_GUARD = """
CREATE FUNCTION ledger_document_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    reversed record;
BEGIN
    EXECUTE format('SELECT number, source FROM %I.ledger_entry WHERE id = $1', TG_TABLE_SCHEMA)
        INTO reversed USING NEW.reversal_of_id;
    IF split_part(reversed.source, ':', 1) = ANY (TG_ARGV) THEN
        RAISE EXCEPTION 'Entry % was booked by %.', NEW.reversal_of_id, reversed.source
            USING ERRCODE = 'BL021', DETAIL = format(
                'entry=%s; document=%s; correction=Correct the document instead.',
                reversed.number, split_part(reversed.source, ':', 1));
    END IF;
    RETURN NEW;
END $$;
"""
UNDO_DOCUMENT_GUARD = "DROP FUNCTION ledger_document_guard() CASCADE;"


def documents_book(app: str, *facts: str) -> migrations.RunSQL:
    """Entries of these facts are never reversed. The app declares a document for each (a test compares them)."""
    name = f"ledger_documents_of_{app}"
    arguments = ", ".join(f"'{fact}'" for fact in facts)
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE OF reversal_of_id ON ledger_entry FOR EACH ROW"
        f" WHEN (NEW.reversal_of_id IS NOT NULL) EXECUTE FUNCTION ledger_document_guard({arguments})",
        f"DROP TRIGGER {name} ON ledger_entry",
    )
