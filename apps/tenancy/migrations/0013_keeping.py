import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Backups and drills wait until somebody takes them up; what was agreed for a tenant goes before what is usual."""

    contracts = "1.0.0: one constraint is of rows that wait, which the running version does not write"

    dependencies = [
        ("tenancy", "0012_spares_become_tenants"),
    ]

    operations = [
        migrations.CreateModel(
            name="BackupPolicy",
            fields=[
                (
                    "tenant",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="tenancy.tenant",
                    ),
                ),
                ("every_hours", models.PositiveIntegerField(default=0)),
                ("kept_days", models.PositiveIntegerField(default=0)),
                ("kept_most", models.PositiveIntegerField(default=0)),
            ],
            options={
                "permissions": [
                    ("set_backup_policy", "Can set how often tenants are backed up, and what is kept")
                ],
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="Drill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "Waiting"),
                            ("running", "Running"),
                            ("done", "Done"),
                            ("failed", "Failed"),
                            ("gone", "Removed"),
                        ],
                        default="running",
                        max_length=7,
                    ),
                ),
                ("begun_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("error", models.TextField(blank=True)),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.AddField(
            model_name="backup",
            name="percent",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AlterField(
            model_name="backup",
            name="state",
            field=models.CharField(
                choices=[
                    ("waiting", "Waiting"),
                    ("running", "Running"),
                    ("done", "Done"),
                    ("failed", "Failed"),
                    ("gone", "Removed"),
                ],
                default="running",
                max_length=7,
            ),
        ),
        migrations.AddConstraint(
            model_name="backup",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")), fields=("tenant",), name="backup_is_asked_for_once"
            ),
        ),
        migrations.AddField(
            model_name="drill",
            name="backup",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="tenancy.backup"
            ),
        ),
        migrations.AddConstraint(
            model_name="drill",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "waiting")), fields=("state",), name="drill_is_asked_for_once"
            ),
        ),
    ]
