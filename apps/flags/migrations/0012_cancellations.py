"""A published change set is cancelled before it takes effect, and needs no approval: what is served stays.

The codes are those in errors.py.
"""

from django.db import migrations, models

STATES = [
    ("draft", "Draft"),
    ("published", "Published"),
    ("withdrawn", "Withdrawn"),
    ("void", "Void"),
    ("cancelled", "Cancelled"),
]
HAS_INSTANT = r"\A(published|cancelled)\Z"

# As in 0008, and: a published change set may become cancelled, while its date is ahead. Nothing else of it changes.
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
    IF TG_OP = 'UPDATE' AND OLD.state = 'published' AND NEW.state = 'cancelled'
       AND OLD.effective_at > clock_timestamp()
       AND to_jsonb(NEW) - 'state' = to_jsonb(OLD) - 'state' THEN
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
EPOCH = """
CREATE TRIGGER flags_changeset_cancelled_epoch AFTER UPDATE OF state ON flags_changeset
    FOR EACH ROW WHEN (NEW.state = 'cancelled') EXECUTE FUNCTION flags_move_epoch();
"""
UNDO = "DROP TRIGGER flags_changeset_cancelled_epoch ON flags_changeset"


class Migration(migrations.Migration):
    dependencies = [("flags", "0011_rollouts_of_killed_flags")]
    operations = [
        migrations.AlterField(
            model_name="changeset",
            name="state",
            field=models.CharField(choices=STATES, default="draft", max_length=9),
        ),
        migrations.RemoveConstraint(model_name="changeset", name="flags_published_at_some_time"),
        migrations.AddConstraint(
            model_name="changeset",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("published_at__isnull", False), ("state__regex", HAS_INSTANT)),
                    models.Q(models.Q(("state__regex", HAS_INSTANT), _negated=True), ("published_at", None)),
                    _connector="OR",
                ),
                name="flags_published_at_some_time",
            ),
        ),
        migrations.RunSQL(CHANGE_SET + EPOCH, UNDO),
    ]
