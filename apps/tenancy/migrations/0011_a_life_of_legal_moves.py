"""A tenant goes from state to state as `Tenant.MOVES` says, whoever writes the row, and its epoch only grows."""

from django.db import migrations, models
from django.db.models import Q

# The last two are what restoring makes of a tenant that was so when it was backed up (`Tenant.COMES_BACK`).
GUARD = """
CREATE FUNCTION tenancy_tenant_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state <> OLD.state AND (OLD.state, NEW.state) NOT IN (
        ('pending', 'trial'), ('pending', 'active'),
        ('trial', 'active'), ('trial', 'suspended'), ('trial', 'archived'),
        ('active', 'suspended'), ('active', 'archived'),
        ('suspended', 'active'), ('suspended', 'archived'), ('suspended', 'deleting'),
        ('archived', 'active'), ('archived', 'deleting'),
        ('deleting', 'archived'),
        ('pending', 'suspended'), ('pending', 'archived')
    ) THEN
        RAISE EXCEPTION 'Tenant % cannot go from % to %.', OLD.id, OLD.state, NEW.state USING ERRCODE = 'BT002',
            DETAIL = format('name=%s; state=%s; to=%s', OLD.name, OLD.state, NEW.state);
    END IF;
    IF NEW.epoch < OLD.epoch THEN
        RAISE EXCEPTION 'The epoch of tenant % only grows.', OLD.id USING ERRCODE = 'BT003',
            DETAIL = format('name=%s', OLD.name);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER tenancy_tenant_guard BEFORE UPDATE OF state, epoch ON tenancy_tenant
    FOR EACH ROW EXECUTE FUNCTION tenancy_tenant_guard();
"""

# What is dropped, and in which role a tenant's work is done, is read from its row, which the runtime writes.
NAMES = """
ALTER TABLE tenancy_tenant ADD CONSTRAINT tenant_schema_is_its_own CHECK (schema_name ~ ('^[a-z_]+' || id || '$')),
    ADD CONSTRAINT tenant_role_is_its_own CHECK (role_name = '' OR role_name ~ ('^bursar_t_[0-9]+_' || id || '$'));
"""
UNDO_NAMES = """
ALTER TABLE tenancy_tenant DROP CONSTRAINT tenant_schema_is_its_own, DROP CONSTRAINT tenant_role_is_its_own;
"""

UNDO = """
DROP TRIGGER tenancy_tenant_guard ON tenancy_tenant;
DROP FUNCTION tenancy_tenant_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("tenancy", "0010_backups")]

    operations = [
        migrations.RunSQL(GUARD, UNDO),
        migrations.RunSQL(NAMES, UNDO_NAMES),
        migrations.AddConstraint(
            "tenant",
            models.CheckConstraint(
                name="tenant_state_is_known",
                condition=Q(
                    state__in=["pending", "trial", "active", "suspended", "archived", "deleting"],
                    mode__in=["normal", "read_only", "maintenance"],
                ),
            ),
        ),
        migrations.AddConstraint(
            "tenant",
            models.CheckConstraint(
                name="tenant_in_the_queue_has_its_day",
                condition=~Q(state="deleting") | Q(delete_after__isnull=False),
            ),
        ),
        migrations.AddConstraint(
            "tenant",
            models.CheckConstraint(
                name="tenant_on_trial_has_its_end",
                condition=~Q(state="trial") | Q(trial_ends_on__isnull=False),
            ),
        ),
    ]
