import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Run",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("saga", models.CharField(max_length=80)),
                ("subject", models.CharField(max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("waiting", "Waiting"),
                            ("compensating", "Rolling back"),
                            ("needs_attention", "Needs attention"),
                            ("done", "Done"),
                            ("compensated", "Rolled back"),
                        ],
                        default="running",
                        max_length=16,
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("forward", "Forward"), ("compensating", "Rolling back")],
                        default="forward",
                        max_length=16,
                    ),
                ),
                ("step", models.CharField(max_length=80)),
                ("completed_steps", models.JSONField(default=list)),
                ("data", models.JSONField()),
                ("version", models.PositiveIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("waits_until", models.DateTimeField(null=True)),
                ("deadline_at", models.DateTimeField()),
                ("last_error", models.TextField(blank=True)),
                ("actor_name", models.CharField(max_length=200)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("begun_at", models.DateTimeField()),
                ("moved_at", models.DateTimeField()),
                ("finished_at", models.DateTimeField(null=True)),
                ("progress", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("run_number", models.PositiveIntegerField(db_default=1, default=1)),
                ("stage", models.CharField(blank=True, db_default="", default="", max_length=40)),
            ],
            options={
                "verbose_name": "workflow",
                "permissions": [("manage_sagas", "Can retry, skip and roll back workflows")],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("finished_at", None)),
                        fields=["moved_at"],
                        name="saga_in_progress",
                    ),
                    models.Index(fields=["subject"], name="saga_of_subject"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("saga", "subject", "run_number"), name="saga_run_number"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("finished_at", None),
                                ("state__regex", "^(running|waiting|compensating|needs_attention)$"),
                            ),
                            models.Q(
                                ("finished_at__isnull", False), ("state__regex", "^(done|compensated)$")
                            ),
                            _connector="OR",
                        ),
                        name="saga_ends_in_a_final_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="LogEntry",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("began", "Started"),
                            ("stage", "Stage started"),
                            ("done", "Done"),
                            ("waits", "Waits"),
                            ("failed", "Failed, will be retried"),
                            ("refused", "Refused"),
                            ("compensating", "Rollback started"),
                            ("compensated", "Rolled back"),
                            ("stuck", "Needs attention"),
                            ("retried", "Retried by an operator"),
                            ("skipped", "Skipped by an operator"),
                            ("forced", "Rollback started by an operator"),
                            ("ended", "Ended"),
                        ],
                        max_length=16,
                    ),
                ),
                ("step", models.CharField(blank=True, max_length=80)),
                (
                    "direction",
                    models.CharField(
                        choices=[("forward", "Forward"), ("compensating", "Rolling back")], max_length=16
                    ),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("detail", models.TextField(blank=True)),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="log_entries",
                        to="sagas.run",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "log entries",
                "ordering": ("id",),
                "default_permissions": ("view",),
            },
        ),
    ]
