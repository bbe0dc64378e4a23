"""Invariants of the ledger, enforced by the database.

An entry is inserted as a draft, gets its lines, and is then posted by one UPDATE. The checks:

1. the entry, when written or posted      its period must be open, and is locked; its number
2. its lines, when written                only for a draft; only on accounts that take postings
3. all of the entry, at COMMIT            at least two lines, balanced in each currency; a reversal's lines
4. accounts, when changed                 properties that existing lines rely on are fixed; accounts that settings
                                          name take postings (guards.py)
5. posted entries                         are never changed or deleted
6. imports                                are append-only

Every function addresses tables through TG_TABLE_SCHEMA: a deferred trigger fires at COMMIT, when the search path
may be another tenant's, and a schema may be renamed. The codes are those in errors.py.
"""

from django.db import migrations

from apps.kernel.db.currency_guard import real_currencies
from apps.kernel.db.guards import RUNTIME_ROLES, append_only
from apps.kernel.db.text_columns import LINES, OPTIONAL, REQUIRED, text_columns, unique_in_any_case
from apps.ledger.guards import NAMED_ACCOUNT_GUARDS, UNDO_NAMED_ACCOUNT_GUARDS
from apps.settings.guards import setting_range

# 1. The entry.
#
# Its period is locked twice, because the row lock alone starves a close and the advisory lock alone misses entries.
# The advisory lock is a fair queue: a waiting close is served before later posts. The row lock, in a separate
# statement, sees the latest status at every isolation level. Both are held until COMMIT, so a close waits for all
# posts that started before it.
#
# The counter's row is locked last, because it serialises all posts in one journal from then until COMMIT.
# It is rolled back with the entry, which leaves no gap. The runtime has no rights on it: the function runs as its owner.
#
# A draft of an earlier transaction is posted in READ COMMITTED only: an older snapshot would miss a line that was
# added since. (No other transaction can add lines to a draft of this transaction.)
COUNTER = f"""
CREATE TABLE ledger_journalcounter (
    journal_id bigint NOT NULL REFERENCES ledger_journal (id),
    year_id    bigint NOT NULL REFERENCES periods_fiscalyear (id),
    last       bigint NOT NULL,
    PRIMARY KEY (journal_id, year_id)
) WITH (fillfactor = 20);
REVOKE INSERT, UPDATE, DELETE ON ledger_journalcounter FROM {RUNTIME_ROLES};
"""

ENTRY = """
CREATE FUNCTION ledger_entry_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    period record;
    drafted_here boolean;
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status = 'posted' THEN
        RAISE EXCEPTION 'Entry % is posted and never changes.', OLD.id
            USING ERRCODE = 'BL001', DETAIL = format('entry=%s', OLD.number);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN OLD;
    END IF;
    IF TG_OP = 'INSERT' AND NEW.status <> 'draft' THEN
        RAISE EXCEPTION 'An entry begins as a draft.' USING ERRCODE = 'BL002';
    END IF;
    PERFORM pg_advisory_xact_lock_shared(
        hashtextextended(TG_TABLE_SCHEMA || ':period:' || NEW.period_id, 0));
    EXECUTE format($sql$
        SELECT code, status, starts_on, ends_on, year_id FROM %I.periods_period WHERE id = $1 FOR SHARE
        $sql$, TG_TABLE_SCHEMA) INTO period USING NEW.period_id;
    IF period.status IS DISTINCT FROM 'open' THEN
        RAISE EXCEPTION 'Period % is not open.', period.code
            USING ERRCODE = 'BP002', DETAIL = format('period=%s', period.code);
    END IF;
    IF NEW.posted_on NOT BETWEEN period.starts_on AND period.ends_on THEN
        RAISE EXCEPTION '% is not in period %.', NEW.posted_on, period.code
            USING ERRCODE = 'BL003', DETAIL = format('day=%s; period=%s', NEW.posted_on, period.code);
    END IF;
    IF NEW.status = 'draft' THEN
        RETURN NEW;
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        EXECUTE format('SELECT xmin = pg_current_xact_id()::xid FROM %I.ledger_entry WHERE id = $1',
            TG_TABLE_SCHEMA) INTO drafted_here USING NEW.id;
        IF NOT drafted_here THEN
            RAISE EXCEPTION 'A draft is posted in READ COMMITTED.' USING ERRCODE = 'BL012';
        END IF;
    END IF;
    NEW.year_id := period.year_id;
    EXECUTE format($sql$
        INSERT INTO %I.ledger_journalcounter AS counter VALUES ($1, $2, 1)
        ON CONFLICT (journal_id, year_id) DO UPDATE SET last = counter.last + 1
        RETURNING last
        $sql$, TG_TABLE_SCHEMA) INTO NEW.number USING NEW.journal_id, NEW.year_id;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_entry_guard BEFORE INSERT OR UPDATE OR DELETE ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_entry_guard();
"""

# 2. The lines, once per statement that writes lines.
#
# FOR SHARE on the entry: a concurrent posting waits until these lines are committed, and then counts them; an earlier
# posting is visible. FOR SHARE on the accounts: they cannot be deactivated or get children meanwhile (4). Invalid
# rows are selected by FILTER and not by WHERE, which PostgreSQL would push below the lock, so that only the invalid
# rows were locked. Child accounts are selected after the lock, in a separate statement, because the snapshot of the
# statement that waited for the lock is too old.
ENTRY_LINES = """
CREATE FUNCTION ledger_lines_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    named text;
BEGIN
    EXECUTE format($sql$
        SELECT min(coalesce(number, id)) FILTER (WHERE status <> 'draft')
        FROM (SELECT id, number, status FROM %I.ledger_entry
              WHERE id IN (SELECT entry_id FROM changed) ORDER BY id FOR SHARE) AS locked
        $sql$, TG_TABLE_SCHEMA) INTO named;
    IF named IS NOT NULL THEN
        RAISE EXCEPTION 'The lines of entry % are posted and never change.', named
            USING ERRCODE = 'BL001', DETAIL = format('entry=%s', named);
    END IF;
    IF TG_OP = 'DELETE' THEN
        RETURN NULL;
    END IF;
    EXECUTE format($sql$
        SELECT min(code) FILTER (WHERE NOT is_active)
        FROM (SELECT code, is_active FROM %I.ledger_account
              WHERE id IN (SELECT account_id FROM changed) ORDER BY id FOR SHARE) AS locked
        $sql$, TG_TABLE_SCHEMA) INTO named;
    IF named IS NOT NULL THEN
        RAISE EXCEPTION 'Account % is inactive.', named
            USING ERRCODE = 'BL007', DETAIL = format('account=%s', named);
    END IF;
    EXECUTE format($sql$
        SELECT parent.code
        FROM %1$I.ledger_account AS child JOIN %1$I.ledger_account AS parent ON parent.id = child.parent_id
        WHERE child.parent_id IN (SELECT account_id FROM changed) LIMIT 1
        $sql$, TG_TABLE_SCHEMA) INTO named;
    IF named IS NOT NULL THEN
        RAISE EXCEPTION 'Account % has accounts below it.', named
            USING ERRCODE = 'BL008', DETAIL = format('account=%s', named);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER ledger_lines_written AFTER INSERT ON ledger_entryline
    REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ledger_lines_guard();
CREATE TRIGGER ledger_lines_removed AFTER DELETE ON ledger_entryline
    REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION ledger_lines_guard();
"""

# 3. All of the entry, once at COMMIT: a check per line would cost the square of their number.
WHOLE = """
CREATE FUNCTION ledger_entry_is_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    lines bigint;
    uneven text;
    difference numeric;
    differs boolean;
BEGIN
    EXECUTE format($sql$
        SELECT coalesce(sum(lines), 0),
               (array_agg(currency ORDER BY currency) FILTER (WHERE total <> 0))[1],
               (array_agg(total ORDER BY currency) FILTER (WHERE total <> 0))[1]
        FROM (SELECT currency, count(*) AS lines, sum(amount_minor) AS total FROM %I.ledger_entryline
              WHERE entry_id = $1 GROUP BY currency) AS sums
        $sql$, TG_TABLE_SCHEMA) INTO lines, uneven, difference USING NEW.id;
    IF lines < 2 THEN
        RAISE EXCEPTION 'Entry % has % lines.', NEW.id, lines
            USING ERRCODE = 'BL004', DETAIL = format('lines=%s', lines);
    END IF;
    IF uneven IS NOT NULL THEN
        RAISE EXCEPTION 'Entry % does not balance in %.', NEW.id, uneven
            USING ERRCODE = 'BL005', DETAIL = format('currency=%s; difference=%s minor units', uneven, difference);
    END IF;
    IF NEW.reversal_of_id IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format($sql$
        WITH reversing AS (
            SELECT account_id, currency, amount_minor FROM %1$I.ledger_entryline WHERE entry_id = $1
        ), reversed AS (
            SELECT account_id, currency, -amount_minor FROM %1$I.ledger_entryline WHERE entry_id = $2
        )
        SELECT EXISTS (TABLE reversing EXCEPT ALL TABLE reversed)
            OR EXISTS (TABLE reversed EXCEPT ALL TABLE reversing)
            OR EXISTS (SELECT FROM %1$I.ledger_entry WHERE id = $2 AND status <> 'posted')
        $sql$, TG_TABLE_SCHEMA) INTO differs USING NEW.id, NEW.reversal_of_id;
    IF differs THEN
        RAISE EXCEPTION 'Entry % is not the reversal of %.', NEW.id, NEW.reversal_of_id USING ERRCODE = 'BL006';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER ledger_entry_is_whole AFTER INSERT OR UPDATE ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.status = 'posted')
    EXECUTE FUNCTION ledger_entry_is_whole();
"""

# 4. Accounts. Inserting a child account locks its parent first, so that no concurrent posting to the parent succeeds.
ACCOUNTS = """
CREATE FUNCTION ledger_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    above text;
    used boolean;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF (NEW.parent_id, NEW.type) IS DISTINCT FROM (OLD.parent_id, OLD.type) THEN
            RAISE EXCEPTION 'The type and the parent of account % never change.', OLD.code
                USING ERRCODE = 'BL010', DETAIL = format('account=%s', OLD.code);
        END IF;
        IF OLD.is_active AND NOT NEW.is_active THEN
            EXECUTE format($sql$
                SELECT EXISTS (SELECT FROM %1$I.ledger_entry AS entry JOIN %1$I.ledger_entryline AS line
                               ON line.entry_id = entry.id
                               WHERE entry.status = 'draft' AND line.account_id = $1)
                $sql$, TG_TABLE_SCHEMA) INTO used USING OLD.id;
            IF used THEN
                RAISE EXCEPTION 'Account % is on drafts.', OLD.code
                    USING ERRCODE = 'BL011', DETAIL = format('account=%s', OLD.code);
            END IF;
        END IF;
        RETURN NEW;
    END IF;
    IF NEW.parent_id IS NULL THEN
        RETURN NEW;
    END IF;
    EXECUTE format('SELECT code FROM %I.ledger_account WHERE id = $1 FOR NO KEY UPDATE',
        TG_TABLE_SCHEMA) INTO above USING NEW.parent_id;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.ledger_entryline WHERE account_id = $1)',
        TG_TABLE_SCHEMA) INTO used USING NEW.parent_id;
    IF used THEN
        RAISE EXCEPTION 'Account % has postings.', above
            USING ERRCODE = 'BL009', DETAIL = format('account=%s', above);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER ledger_account_guard BEFORE INSERT OR UPDATE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_account_guard();
"""

# 5. Immutability. Lines never change, not even those of drafts; only drafts are deleted, as checked above. The
#    runtime does not have the rights either.
IMMUTABILITY = f"""
CREATE FUNCTION ledger_rows_are_immutable() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'Entries are never truncated, and a line never changes.'
        USING ERRCODE = 'BL001', DETAIL = 'entry=of the line';
END $$;
CREATE TRIGGER ledger_line_is_immutable BEFORE UPDATE ON ledger_entryline
    FOR EACH ROW EXECUTE FUNCTION ledger_rows_are_immutable();
CREATE TRIGGER ledger_lines_are_not_truncated BEFORE TRUNCATE ON ledger_entryline
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_rows_are_immutable();
CREATE TRIGGER ledger_entries_are_not_truncated BEFORE TRUNCATE ON ledger_entry
    FOR EACH STATEMENT EXECUTE FUNCTION ledger_rows_are_immutable();
REVOKE UPDATE ON ledger_entryline FROM {RUNTIME_ROLES};
REVOKE DELETE ON ledger_account, ledger_journal FROM {RUNTIME_ROLES};
"""

# 6. Imports and their posted entries are append-only. A staged entry never changes; the job that posts it deletes it.
STAGED = f"""
CREATE TRIGGER ledger_staged_entry_is_fixed BEFORE UPDATE ON ledger_stagedentry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_staged_entries_are_not_truncated BEFORE TRUNCATE ON ledger_stagedentry
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE UPDATE, TRUNCATE ON ledger_stagedentry FROM {RUNTIME_ROLES};
"""

UNDO_STAGED = f"""
DROP TRIGGER ledger_staged_entry_is_fixed ON ledger_stagedentry;
DROP TRIGGER ledger_staged_entries_are_not_truncated ON ledger_stagedentry;
GRANT UPDATE ON ledger_stagedentry TO {RUNTIME_ROLES};
"""

UNDO = f"""
GRANT UPDATE ON ledger_entryline TO {RUNTIME_ROLES};
GRANT DELETE ON ledger_account, ledger_journal TO {RUNTIME_ROLES};
DROP FUNCTION ledger_rows_are_immutable() CASCADE;
DROP FUNCTION ledger_account_guard() CASCADE;
DROP FUNCTION ledger_entry_is_whole() CASCADE;
DROP FUNCTION ledger_lines_guard() CASCADE;
DROP FUNCTION ledger_entry_guard() CASCADE;
DROP TABLE ledger_journalcounter;
"""


class Migration(migrations.Migration):
    dependencies = [("ledger", "0001_initial"), ("periods", "0002_invariants")]
    operations = [
        append_only("ledger_historicalaccount"),
        migrations.RunSQL(COUNTER + ENTRY + ENTRY_LINES + WHOLE + ACCOUNTS + IMMUTABILITY, UNDO),
        append_only("ledger_journalimport"),
        append_only("ledger_importedentry"),
        migrations.RunSQL(STAGED, UNDO_STAGED),
        text_columns("ledger_account", code=REQUIRED, name=REQUIRED),
        text_columns("ledger_journal", code=REQUIRED, name=REQUIRED),
        text_columns("ledger_entry", memo=LINES, payee=OPTIONAL, reference=OPTIONAL),
        text_columns("ledger_entryline", memo=LINES),
        text_columns("ledger_journalimport", name=OPTIONAL),
        text_columns("ledger_stagedentry", number=OPTIONAL, payee=OPTIONAL, narration=LINES),
        text_columns("ledger_importedentry", number=OPTIONAL),
        unique_in_any_case("ledger_account", "code"),
        unique_in_any_case("ledger_journal", "code"),
        setting_range("ledger.retention_years", 1, 100),
        migrations.RunSQL(NAMED_ACCOUNT_GUARDS, UNDO_NAMED_ACCOUNT_GUARDS),
        real_currencies("ledger_entryline"),
    ]
