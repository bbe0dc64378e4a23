"""Invariants of attachments, enforced by the database: a row is written once, and changes once, by its removal."""

from django.db import migrations

from apps.kernel.db.guards import REFUSE, RUNTIME_ROLES
from apps.kernel.db.text_columns import LINES, OPTIONAL, REQUIRED, text_columns

GUARDS = f"""
CREATE FUNCTION attachments_attachment_is_only_removed() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF OLD.removed_at IS NOT NULL OR NEW.removed_at IS NULL
        OR to_jsonb(NEW) - ARRAY['removed_at', 'removed_by', 'removal_reason']
            IS DISTINCT FROM to_jsonb(OLD) - ARRAY['removed_at', 'removed_by', 'removal_reason']
    THEN
        RAISE EXCEPTION 'An attachment changes once: it is removed.' USING ERRCODE = 'BZ001';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER attachments_attachment_is_only_removed BEFORE UPDATE ON attachments_attachment
    FOR EACH ROW EXECUTE FUNCTION attachments_attachment_is_only_removed();
CREATE TRIGGER attachments_attachment_stays BEFORE DELETE ON attachments_attachment
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER attachments_attachment_is_not_emptied BEFORE TRUNCATE ON attachments_attachment
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
REVOKE DELETE, TRUNCATE ON attachments_attachment FROM {RUNTIME_ROLES};
"""
UNDO = f"""
DROP TRIGGER attachments_attachment_is_only_removed ON attachments_attachment;
DROP TRIGGER attachments_attachment_stays ON attachments_attachment;
DROP TRIGGER attachments_attachment_is_not_emptied ON attachments_attachment;
DROP FUNCTION attachments_attachment_is_only_removed();
GRANT DELETE ON attachments_attachment TO {RUNTIME_ROLES};
"""


class Migration(migrations.Migration):
    dependencies = [("attachments", "0001_initial")]
    operations = [
        migrations.RunSQL(REFUSE + GUARDS, UNDO),
        text_columns(
            "attachments_attachment",
            name=REQUIRED,
            attached_by=REQUIRED,
            removed_by=OPTIONAL,
            removal_reason=LINES,
        ),
    ]
