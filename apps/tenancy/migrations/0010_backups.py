import django.db.models.deletion
from django.db import migrations, models

READ = "GRANT SELECT (ddl) ON tenancy_blueprint TO bursar_app"
UNREAD = "REVOKE SELECT (ddl) ON tenancy_blueprint FROM bursar_app"


class Migration(migrations.Migration):
    """An archive carries the statements that make its schema, so whoever exports must be able to read them."""

    dependencies = [("tenancy", "0009_schema_migrations")]

    operations = [
        migrations.CreateModel(
            name="Backup",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("slug", models.CharField(max_length=40)),
                (
                    "kind",
                    models.CharField(
                        choices=[("scheduled", "By schedule"), ("manual", "By hand")], max_length=9
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("gone", "Removed"),
                        ],
                        default="running",
                        max_length=7,
                    ),
                ),
                ("place", models.CharField(blank=True, max_length=300)),
                ("rows", models.PositiveBigIntegerField(default=0)),
                ("bytes", models.PositiveBigIntegerField(default=0)),
                ("checksum", models.CharField(blank=True, max_length=64)),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("verified_at", models.DateTimeField(null=True)),
                ("restored_in", models.FloatField(null=True)),
                ("error", models.TextField(blank=True)),
                (
                    "tenant",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="tenancy.tenant",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["tenant", "-begun_at"], name="backup_of_tenant")],
            },
        ),
        migrations.RunSQL(READ, UNREAD),
    ]
