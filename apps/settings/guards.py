"""Migration operations by which the app that declares a setting enforces its range in the database."""

from __future__ import annotations

from django.db import migrations

RANGE_GUARD = """
CREATE FUNCTION settings_range_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF jsonb_typeof(NEW.value) <> 'number'
       OR (NEW.value #>> '{}')::numeric NOT BETWEEN TG_ARGV[1]::numeric AND TG_ARGV[2]::numeric THEN
        RAISE EXCEPTION '% is outside of its range.', NEW.key USING ERRCODE = 'BG001',
            DETAIL = format('key=%s; minimum=%s; maximum=%s', NEW.key, TG_ARGV[1], TG_ARGV[2]);
    END IF;
    RETURN NEW;
END $$;
"""
"""The arguments of its triggers: the key, the minimum and the maximum."""


def setting_range(key: str, minimum: int, maximum: int) -> migrations.RunSQL:
    """Refuses values of the setting outside of `minimum` to `maximum`, both included. The declaration has the same
    numbers (a test compares them)."""
    name = f"settings_{key.replace('.', '_')}_range"
    return migrations.RunSQL(
        f"CREATE TRIGGER {name} BEFORE INSERT OR UPDATE ON settings_setting FOR EACH ROW"
        f" WHEN (NEW.key = '{key}') EXECUTE FUNCTION settings_range_guard('{key}', '{minimum}', '{maximum}')",
        f"DROP TRIGGER {name} ON settings_setting",
    )
