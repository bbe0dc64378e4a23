"""Database invariants of users: history is append-only, and the epoch that invalidates older tokens never decreases.

The epoch grows with every change of the password, the address and the flags. Otherwise a row that was read before a change and written
after it would make old tokens valid again.
"""

from django.db import migrations

from apps.kernel.db.guards import append_only

EPOCH = """
CREATE FUNCTION identity_user_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.epoch := greatest(NEW.epoch, OLD.epoch);
    IF (NEW.password, NEW.email, NEW.is_active, NEW.is_staff, NEW.is_superuser)
       IS DISTINCT FROM (OLD.password, OLD.email, OLD.is_active, OLD.is_staff, OLD.is_superuser) THEN
        NEW.epoch := greatest(NEW.epoch, OLD.epoch + 1);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER identity_user_epoch BEFORE UPDATE ON identity_user
    FOR EACH ROW EXECUTE FUNCTION identity_user_epoch();
"""

UNDO = """
DROP TRIGGER identity_user_epoch ON identity_user;
DROP FUNCTION identity_user_epoch();
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]
    operations = [
        append_only("identity_historicaluser"),
        append_only("identity_historicaluser_groups"),
        append_only("identity_historicalgroup"),
        append_only("identity_historicalgroup_permissions"),
        migrations.RunSQL(EPOCH, UNDO),
    ]
