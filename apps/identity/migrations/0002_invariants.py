"""Database invariants of users and invitations: history is append-only, the epoch that invalidates older tokens never
decreases, and an invitation that has ended stays as it is.

The epoch grows with every change of the password, the address and the flags. Otherwise a row that was read before a change and written
after it would make old tokens valid again.
"""

from django.db import migrations

from apps.kernel.db.guards import append_only
from apps.kernel.db.text_columns import LINES, OPTIONAL, REQUIRED, text_columns

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

# An invitation starts as invited and makes only the transitions of Invitation.TRANSITIONS. Address and role never change,
# so that the accepted ones are those of the audit log, and after its end nothing does.
INVITATION = """
CREATE FUNCTION identity_invitation_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.state <> 'invited' THEN
            RAISE EXCEPTION 'An invitation starts as invited.' USING ERRCODE = 'BD001',
                DETAIL = format('number=%s; state=%s', NEW.id, NEW.state);
        END IF;
        RETURN NEW;
    END IF;
    IF TG_OP = 'DELETE'
       OR (NEW.email, NEW.role) IS DISTINCT FROM (OLD.email, OLD.role)
       OR (OLD.state, NEW.state) NOT IN (('invited', 'invited'), ('invited', 'accepted'), ('invited', 'expired'),
                                         ('invited', 'revoked'), ('expired', 'invited')) THEN
        RAISE EXCEPTION 'Invitation % cannot be changed like this.', OLD.id USING ERRCODE = 'BD001',
            DETAIL = format('number=%s; state=%s', OLD.id, OLD.state);
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER identity_invitation_guard BEFORE INSERT OR UPDATE OR DELETE ON identity_invitation
    FOR EACH ROW EXECUTE FUNCTION identity_invitation_guard();
"""

UNDO_INVITATION = """
DROP TRIGGER identity_invitation_guard ON identity_invitation;
DROP FUNCTION identity_invitation_guard();
"""


class Migration(migrations.Migration):
    dependencies = [("identity", "0001_initial")]
    operations = [
        append_only("identity_historicaluser"),
        append_only("identity_historicaluser_groups"),
        append_only("identity_historicalgroup"),
        append_only("identity_historicalgroup_permissions"),
        migrations.RunSQL(EPOCH, UNDO),
        migrations.RunSQL(INVITATION, UNDO_INVITATION),
        text_columns("identity_user", email=OPTIONAL, new_email=OPTIONAL, name=OPTIONAL),
        text_columns("identity_invitation", email=REQUIRED, name=OPTIONAL),
        text_columns("identity_apisession", device=OPTIONAL, end_reason=LINES),
    ]
