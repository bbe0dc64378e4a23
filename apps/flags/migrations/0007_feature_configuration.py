from django.db import migrations, models

from apps.kernel.db.text_columns import LINES, OPTIONAL, text_columns

EPOCH = """
CREATE TRIGGER flags_featureconfiguration_epoch AFTER UPDATE OF disabled_at ON flags_featureconfiguration
    FOR EACH ROW EXECUTE FUNCTION flags_move_epoch();
"""


class Migration(migrations.Migration):
    dependencies = [("flags", "0005_epochs")]
    operations = [
        migrations.CreateModel(
            name="FeatureConfiguration",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("plan", models.CharField(max_length=40)),
                ("made_at", models.DateTimeField()),
                ("disabled_at", models.DateTimeField(null=True)),
                ("reason", models.TextField(blank=True)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("id", 1)), name="flags_one_configuration"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("disabled_at", None), ("reason", "")),
                            models.Q(
                                ("disabled_at__isnull", False),
                                models.Q(("reason", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="flags_disabled_for_a_reason",
                    ),
                ],
            },
        ),
        text_columns("flags_featureconfiguration", plan=OPTIONAL, reason=LINES),
        migrations.RunSQL(
            EPOCH, "DROP TRIGGER flags_featureconfiguration_epoch ON flags_featureconfiguration"
        ),
    ]
