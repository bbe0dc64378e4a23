"""A run says how far it is; a saga that repeats sets out for the same subject again."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sagas", "0002_guards")]
    operations = [
        migrations.AddField("run", "progress", models.PositiveSmallIntegerField(default=0, db_default=0)),
        migrations.AddField("run", "turn", models.PositiveIntegerField(default=1, db_default=1)),
        migrations.AddConstraint(
            "run",
            models.UniqueConstraint(fields=("saga", "subject", "turn"), name="saga_once_in_a_turn"),
        ),
        migrations.RemoveConstraint("run", "saga_once_for_subject"),
        migrations.RunSQL("UPDATE sagas_run SET progress = 100 WHERE state = 'done'", migrations.RunSQL.noop),
    ]
