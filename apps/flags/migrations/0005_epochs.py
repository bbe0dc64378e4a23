"""The epoch of what is served. Every publication, kill, revival and step of a rollout moves it, also by raw SQL."""

from django.db import migrations, models

from apps.kernel.db.guards import RUNTIME_ROLES

EPOCH = f"""
CREATE FUNCTION flags_move_epoch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO %1$I.flags_epoch AS known (id, value)'
        ' VALUES (1, (extract(epoch FROM clock_timestamp()) * 1000)::bigint)'
        ' ON CONFLICT (id) DO UPDATE SET value = greatest(known.value + 1, excluded.value)', TG_TABLE_SCHEMA);
    RETURN NULL;
END $$;
CREATE TRIGGER flags_changeset_epoch AFTER UPDATE OF state ON flags_changeset
    FOR EACH ROW WHEN (NEW.state = 'published') EXECUTE FUNCTION flags_move_epoch();
CREATE TRIGGER flags_kill_epoch AFTER INSERT OR UPDATE OF revived_at ON flags_kill
    FOR EACH ROW EXECUTE FUNCTION flags_move_epoch();
CREATE TRIGGER flags_rolloutstep_epoch AFTER INSERT ON flags_rolloutstep
    FOR EACH ROW EXECUTE FUNCTION flags_move_epoch();
REVOKE DELETE, TRUNCATE ON flags_epoch FROM {RUNTIME_ROLES};
"""
UNDO = "DROP FUNCTION flags_move_epoch() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [("flags", "0004_rollouts_invariants")]
    operations = [
        migrations.CreateModel(
            name="Epoch",
            fields=[
                ("id", models.PositiveSmallIntegerField(primary_key=True, serialize=False)),
                ("value", models.BigIntegerField()),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="flags_one_epoch")
                ],
            },
        ),
        migrations.RunSQL(EPOCH, UNDO),
    ]
