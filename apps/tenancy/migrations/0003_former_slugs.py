"""The former short names of renamed tenants: a trigger writes them, and no other tenant can get them again.

A name, or one that looks like it, is either that of a tenant or a former one. Two transactions with one name meet in the
unique indexes of `tenancy_tenant`; the trigger runs after the wait for them, and sees what was committed meanwhile.
"""

from django.db import migrations, models

from apps.kernel.db.guards import append_only
from apps.tenancy.tenant_names import skeleton_in_sql

GUARD = f"""
CREATE FUNCTION tenancy_slug_guard() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF NEW.slug = OLD.slug THEN
            RETURN NULL;
        END IF;
    END IF;
    IF EXISTS (SELECT FROM public.tenancy_formerslug AS former
               WHERE former.tenant_id <> NEW.id AND {skeleton_in_sql("former.slug")} = {skeleton_in_sql("NEW.slug")}) THEN
        RAISE EXCEPTION 'The name % was that of another tenant.', NEW.slug
            USING ERRCODE = 'BT004', DETAIL = format('slug=%s', NEW.slug);
    END IF;
    IF TG_OP = 'UPDATE' THEN
        INSERT INTO public.tenancy_formerslug (slug, tenant_id, renamed_at)
            VALUES (OLD.slug, OLD.id, clock_timestamp()) ON CONFLICT (slug) DO NOTHING;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER tenancy_slug_guard AFTER INSERT OR UPDATE ON tenancy_tenant
    FOR EACH ROW EXECUTE FUNCTION tenancy_slug_guard();
REVOKE ALL ON FUNCTION tenancy_slug_guard() FROM PUBLIC;
REVOKE INSERT ON tenancy_formerslug FROM bursar_app;
"""
UNDO = """
DROP TRIGGER tenancy_slug_guard ON tenancy_tenant;
DROP FUNCTION tenancy_slug_guard();
GRANT INSERT ON tenancy_formerslug TO bursar_app;
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0002_invariants")]
    operations = [
        migrations.CreateModel(
            name="FormerSlug",
            fields=[
                ("slug", models.SlugField(max_length=40, primary_key=True, serialize=False)),
                ("tenant_id", models.BigIntegerField(db_index=True)),
                ("renamed_at", models.DateTimeField()),
            ],
            options={"default_permissions": ()},
        ),
        append_only("tenancy_formerslug"),
        migrations.RunSQL(GUARD, UNDO),
    ]
