"""A breaker is of one listener and one tenant: what one tenant's news does to a listener parks nobody else's. What
breakers knew is forgotten, which costs a listener that still fails a few more tries."""

from django.db import migrations, models

RIGHTS = """
REVOKE DELETE ON events_breaker FROM bursar_app;
GRANT SELECT ON events_breaker TO bursar_relay;
"""


class Migration(migrations.Migration):
    dependencies = [("events", "0006_traceparent")]

    operations = [
        migrations.DeleteModel("Breaker"),
        migrations.CreateModel(
            name="Breaker",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField(editable=False, null=True)),
                ("subscriber", models.CharField(max_length=120)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("open_until", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True)),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        name="breaker_once", fields=("subscriber", "tenant_id"), nulls_distinct=False
                    )
                ],
            },
        ),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
