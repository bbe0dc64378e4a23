"""The effect that approvers read: the warnings of a change set are fixed with its content, and a preview changes while the
change set stays a draft. That it was computed is in its seal (previews/sealing.py).

The code is that in errors.py.
"""

from django.db import migrations

GUARD = """
CREATE FUNCTION flags_changeset_effect_guard() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'The effect of change set % cannot be changed like this.', OLD.id
        USING ERRCODE = 'BF001', DETAIL = format('change_set_id=%s; state=%s', OLD.id, OLD.state);
END $$;
CREATE TRIGGER flags_changeset_effect_guard BEFORE UPDATE ON flags_changeset FOR EACH ROW
    WHEN (NEW.warnings IS DISTINCT FROM OLD.warnings
          OR NEW.preview IS DISTINCT FROM OLD.preview AND (NEW.state <> 'draft' OR OLD.state <> 'draft'))
    EXECUTE FUNCTION flags_changeset_effect_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("flags", "0009_programs")]
    operations = [migrations.RunSQL(GUARD, "DROP FUNCTION flags_changeset_effect_guard() CASCADE")]
