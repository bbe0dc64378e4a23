"""The journal of erasures, and what the runtime may do of the owner's work: remove the rows of a tenant that could not be
set up, or whose days are over, from the tables that all share."""

from django.db import migrations, models

from apps.kernel.guards import append_only
from apps.kernel.rls import OF_TENANTS

FORGET = f"""
CREATE FUNCTION tenancy_forget(tenant bigint) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    shared text;
    these bigint;
    gone bigint := 0;
BEGIN
    PERFORM FROM public.tenancy_tenant
        WHERE id = tenant AND (state = 'pending' OR (state = 'deleting' AND delete_after <= current_date)) FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'Tenant % is neither being set up nor due to be deleted.', tenant USING ERRCODE = '42501';
    END IF;
    FOR shared IN SELECT format('%I.%I', schemaname, tablename) FROM pg_policies
        WHERE policyname = '{OF_TENANTS}' AND schemaname = 'public'
    LOOP
        EXECUTE format('DELETE FROM %s WHERE tenant_id = $1', shared) USING tenant;
        GET DIAGNOSTICS these = ROW_COUNT;
        gone := gone + these;
    END LOOP;
    RETURN gone;
END $$;
REVOKE ALL ON FUNCTION tenancy_forget(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION tenancy_forget(bigint) TO bursar_app;
"""  # noqa: S608 - the name of our policy


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0007_counts")]
    operations = [
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("slug", models.CharField(max_length=40)),
                ("schema_name", models.CharField(max_length=63)),
                ("role_name", models.CharField(blank=True, max_length=63)),
                ("database", models.CharField(max_length=40)),
                ("created_at", models.DateTimeField()),
                ("asked_by", models.CharField(max_length=200)),
                ("reason", models.TextField()),
                ("dropped", models.JSONField()),
                ("erased_at", models.DateTimeField()),
            ],
            options={"default_permissions": ("view",)},
        ),
        migrations.AddConstraint(
            "erasure", models.UniqueConstraint(fields=("number", "created_at"), name="tenant_erased_once")
        ),
        append_only("tenancy_erasure"),
        migrations.RunSQL(FORGET, "DROP FUNCTION tenancy_forget(bigint);"),
    ]
