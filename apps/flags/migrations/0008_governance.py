"""What is approved is what is published: the content of a change set is fixed when it is made, and its publication
continues the latest revisions.

The codes are those in errors.py. Functions address tables through TG_TABLE_SCHEMA, since a schema may be renamed.
"""

import django.db.models.deletion
from django.db import migrations, models

import apps.audit.transaction_id
from apps.kernel.db.guards import RUNTIME_ROLES

# 1. A flag of the register is of the platform, and stays.
FLAG = f"""
CREATE FUNCTION flags_flag_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'DELETE' OR TG_OP = 'INSERT' AND TG_TABLE_SCHEMA <> 'public'
       OR TG_OP = 'UPDATE' AND (NEW.id, NEW.key, NEW.created_at) IS DISTINCT FROM (OLD.id, OLD.key, OLD.created_at) THEN
        RAISE EXCEPTION 'The register of flags is on the platform, and its keys stay.' USING ERRCODE = 'BF004';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flags_flag_guard BEFORE INSERT OR UPDATE OR DELETE ON flags_flag
    FOR EACH ROW EXECUTE FUNCTION flags_flag_guard();
REVOKE DELETE, TRUNCATE ON flags_flag FROM {RUNTIME_ROLES};
"""

# 2. As in 0002, and: the transaction that makes a change set is recorded. A publication waits for others, and is refused
#    when a revision that it is based on is no longer the latest.
CHANGE_SET = """
CREATE OR REPLACE FUNCTION flags_changeset_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    moved text;
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'draft' OR NEW.published_xid <> '0'::xid8 THEN
            RAISE EXCEPTION 'A change set starts as a draft.' USING ERRCODE = 'BF001', DETAIL = 'state=new';
        END IF;
        NEW.made_xid := pg_current_xact_id();
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE' OR OLD.state <> 'draft'
       OR NEW.state NOT IN ('draft', 'published', 'withdrawn', 'void')
       OR (NEW.id, NEW.reason, NEW.origin, NEW.author_id, NEW.author_name, NEW.digest, NEW.effective_at, NEW.made_at,
           NEW.made_xid, NEW.replaces_id, NEW.published_xid)
          IS DISTINCT FROM
          (OLD.id, OLD.reason, OLD.origin, OLD.author_id, OLD.author_name, OLD.digest, OLD.effective_at, OLD.made_at,
           OLD.made_xid, OLD.replaces_id, OLD.published_xid) THEN
        RAISE EXCEPTION 'Change set % cannot be changed like this.', OLD.id
            USING ERRCODE = 'BF001', DETAIL = format('change_set_id=%s; state=%s', OLD.id, OLD.state);
    END IF;
    IF NEW.state = 'published' THEN
        PERFORM pg_advisory_xact_lock(hashtextextended(TG_TABLE_SCHEMA || ':flags:publication', 0));
        EXECUTE format($sql$
            SELECT revision.kind || ' ' || revision.key FROM %1$I.flags_revision AS revision
            WHERE revision.change_set_id = $1 AND revision.base_id IS DISTINCT FROM (
                SELECT max(published.id) FROM %1$I.flags_revision AS published
                JOIN %1$I.flags_changeset AS change_set ON change_set.id = published.change_set_id
                WHERE (published.kind, published.key) = (revision.kind, revision.key)
                  AND change_set.state = 'published')
            LIMIT 1
            $sql$, TG_TABLE_SCHEMA) INTO moved USING NEW.id;
        IF moved IS NOT NULL THEN
            RAISE EXCEPTION '% was changed since change set % was made.', moved, NEW.id
                USING ERRCODE = 'BF003', DETAIL = format('key=%s; why=it was changed meanwhile', moved);
        END IF;
        NEW.published_xid := pg_current_xact_id();
    END IF;
    RETURN NEW;
END $$;
"""

# 3. The revisions of a change set are added in the transaction that makes it. Of tenants they are overrides, of the
#    platform flags and segments.
REVISION = """
CREATE OR REPLACE FUNCTION flags_revision_guard() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    change_set record;
BEGIN
    EXECUTE format('SELECT state, made_xid FROM %I.flags_changeset WHERE id = $1 FOR SHARE', TG_TABLE_SCHEMA)
        INTO change_set USING NEW.change_set_id;
    IF change_set.state IS DISTINCT FROM 'draft' OR change_set.made_xid <> pg_current_xact_id() THEN
        RAISE EXCEPTION 'The content of change set % is fixed.', NEW.change_set_id
            USING ERRCODE = 'BF001',
                  DETAIL = format('change_set_id=%s; state=%s', NEW.change_set_id, change_set.state);
    END IF;
    IF (NEW.kind = 'override') = (TG_TABLE_SCHEMA = 'public') THEN
        RAISE EXCEPTION 'Tenants narrow flags by overrides, and the platform defines flags and segments.'
            USING ERRCODE = 'BF005', DETAIL = format('kind=%s', NEW.kind);
    END IF;
    RETURN NEW;
END $$;
"""

# 4. As in 0002, with the reviewer.
KILL = """
CREATE OR REPLACE FUNCTION flags_kill_guard() RETURNS trigger
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
          AND (NEW.reviewed_at, NEW.reviewed_by_id, NEW.reviewed_by_name, NEW.review)
              IS DISTINCT FROM (OLD.reviewed_at, OLD.reviewed_by_id, OLD.reviewed_by_name, OLD.review) THEN
        RAISE EXCEPTION 'Kill % cannot be changed like this.', OLD.id
            USING ERRCODE = 'BF002', DETAIL = format('kill_id=%s', OLD.id);
    END IF;
    RETURN NEW;
END $$;
"""

GUARDS = FLAG + CHANGE_SET + REVISION + KILL
UNDO = f"""
DROP FUNCTION flags_flag_guard() CASCADE;
GRANT DELETE ON flags_flag TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("flags", "0007_feature_configuration")]
    operations = [
        migrations.AddField(
            model_name="changeset",
            name="replaces",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="flags.changeset",
            ),
        ),
        migrations.AddField(
            model_name="changeset",
            name="made_xid",
            field=apps.audit.transaction_id.TransactionId(db_default=0, default=0, editable=False),
        ),
        migrations.AddField(
            model_name="kill", name="reviewed_by_id", field=models.BigIntegerField(null=True)
        ),
        migrations.AddConstraint(
            model_name="kill",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("reviewed_at", None), ("reviewed_by_id", None)),
                    models.Q(
                        ("reviewed_at__isnull", False),
                        ("reviewed_by_id__isnull", False),
                        models.Q(
                            ("killed_by_id", None),
                            models.Q(("reviewed_by_id", models.F("killed_by_id")), _negated=True),
                            _connector="OR",
                        ),
                    ),
                    _connector="OR",
                ),
                name="flags_kill_is_reviewed_by_another_person",
            ),
        ),
        migrations.RunSQL(GUARDS, UNDO),
    ]
