"""Invariants of flags, enforced by the database: what is served was published, and what was published never changes.

The codes are those in errors.py.
"""

from django.db import migrations

from apps.kernel.db.guards import RUNTIME_ROLES, append_only, approved_only
from apps.kernel.db.text_columns import LINES, OPTIONAL, REQUIRED, REQUIRED_LINES, text_columns

# 1. A change set starts as a draft. It is published once, in one transaction, and its content never changes.
CHANGE_SET = f"""
CREATE FUNCTION flags_changeset_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.published_xid <> '0'::xid8 THEN
            RAISE EXCEPTION 'A change set starts as a draft.' USING ERRCODE = 'BF001';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.state <> 'draft'
       OR NEW.state NOT IN ('draft', 'published', 'withdrawn', 'void')
       OR (NEW.id, NEW.reason, NEW.origin, NEW.author_id, NEW.author_name, NEW.digest, NEW.effective_at, NEW.made_at,
           NEW.published_xid)
          IS DISTINCT FROM
          (OLD.id, OLD.reason, OLD.origin, OLD.author_id, OLD.author_name, OLD.digest, OLD.effective_at, OLD.made_at,
           OLD.published_xid) THEN
        RAISE EXCEPTION 'Change set % cannot be changed like this.', OLD.id
            USING ERRCODE = 'BF001', DETAIL = format('state=%s', OLD.state);
    END IF;
    IF NEW.state = 'published' THEN
        NEW.published_xid := pg_current_xact_id();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flags_changeset_guard BEFORE INSERT OR UPDATE OR DELETE ON flags_changeset
    FOR EACH ROW EXECUTE FUNCTION flags_changeset_guard();
REVOKE DELETE, TRUNCATE ON flags_changeset FROM {RUNTIME_ROLES};
"""

# 2. Revisions are added to drafts only.
REVISION = """
CREATE FUNCTION flags_revision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    state text;
BEGIN
    EXECUTE format('SELECT state FROM %I.flags_changeset WHERE id = $1 FOR SHARE', TG_TABLE_SCHEMA)
        INTO state USING NEW.change_set_id;
    IF state IS DISTINCT FROM 'draft' THEN
        RAISE EXCEPTION 'Change set % is no draft.', NEW.change_set_id
            USING ERRCODE = 'BF001', DETAIL = format('state=%s', state);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flags_revision_guard BEFORE INSERT ON flags_revision
    FOR EACH ROW EXECUTE FUNCTION flags_revision_guard();
"""

# 3. A kill is recorded once. Its review and its end are added once.
KILL = f"""
CREATE FUNCTION flags_kill_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.revived_at IS NOT NULL OR NEW.reviewed_at IS NOT NULL THEN
            RAISE EXCEPTION 'A kill starts as active.' USING ERRCODE = 'BF002';
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE'
       OR (NEW.id, NEW.key, NEW.reason, NEW.killed_at, NEW.killed_by_id, NEW.killed_by_name)
          IS DISTINCT FROM (OLD.id, OLD.key, OLD.reason, OLD.killed_at, OLD.killed_by_id, OLD.killed_by_name)
       OR OLD.revived_at IS NOT NULL
          AND (NEW.revived_at, NEW.revived_by_name, NEW.revival_reason)
              IS DISTINCT FROM (OLD.revived_at, OLD.revived_by_name, OLD.revival_reason)
       OR OLD.reviewed_at IS NOT NULL
          AND (NEW.reviewed_at, NEW.reviewed_by_name, NEW.review)
              IS DISTINCT FROM (OLD.reviewed_at, OLD.reviewed_by_name, OLD.review) THEN
        RAISE EXCEPTION 'Kill % cannot be changed like this.', OLD.id USING ERRCODE = 'BF002';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flags_kill_guard BEFORE INSERT OR UPDATE OR DELETE ON flags_kill
    FOR EACH ROW EXECUTE FUNCTION flags_kill_guard();
REVOKE DELETE, TRUNCATE ON flags_kill FROM {RUNTIME_ROLES};
"""

UNDO = f"""
DROP FUNCTION flags_kill_guard() CASCADE;
DROP FUNCTION flags_revision_guard() CASCADE;
DROP FUNCTION flags_changeset_guard() CASCADE;
GRANT DELETE ON flags_kill, flags_changeset TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("flags", "0001_initial"), ("approvals", "0002_invariants")]
    operations = [
        append_only("flags_historicalflag"),
        append_only("flags_revision"),
        migrations.RunSQL(CHANGE_SET + REVISION + KILL, UNDO),
        approved_only(
            "flags_changeset",
            "flags.change",
            on="UPDATE OF state",
            when="NEW.state = 'published' AND OLD.state <> 'published'",
            required="production",
        ),
        approved_only(
            "flags_kill",
            "flags.revival",
            on="UPDATE OF revived_at",
            when="NEW.revived_at IS NOT NULL AND OLD.revived_at IS NULL",
            required="production",
        ),
        text_columns("flags_flag", owner=REQUIRED, description=LINES),
        text_columns("flags_changeset", reason=REQUIRED_LINES, author_name=REQUIRED),
        text_columns(
            "flags_kill",
            reason=REQUIRED_LINES,
            review=LINES,
            revival_reason=LINES,
            killed_by_name=REQUIRED,
            reviewed_by_name=OPTIONAL,
            revived_by_name=OPTIONAL,
        ),
    ]
