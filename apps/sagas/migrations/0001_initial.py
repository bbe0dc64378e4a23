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
                            ("compensating", "On its way back"),
                            ("needs_operator", "Needs an operator"),
                            ("done", "Done"),
                            ("compensated", "Taken back"),
                        ],
                        default="running",
                        max_length=16,
                    ),
                ),
                (
                    "direction",
                    models.CharField(
                        choices=[("forth", "Forward"), ("back", "Back")], default="forth", max_length=8
                    ),
                ),
                ("step", models.CharField(max_length=80)),
                ("done", models.JSONField(default=list)),
                ("data", models.JSONField()),
                ("version", models.PositiveIntegerField(default=0)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("due_at", models.DateTimeField(null=True)),
                ("waits_until", models.DateTimeField(null=True)),
                ("deadline_at", models.DateTimeField()),
                ("last_error", models.TextField(blank=True)),
                ("actor_name", models.CharField(max_length=200)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("begun_at", models.DateTimeField()),
                ("moved_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("progress", models.PositiveSmallIntegerField(db_default=0, default=0)),
                ("turn", models.PositiveIntegerField(db_default=1, default=1)),
                ("stage", models.CharField(blank=True, db_default="", default="", max_length=40)),
            ],
            options={
                "verbose_name": "journey",
                "permissions": [("manage_sagas", "Can retry, skip and turn back sagas")],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("ended_at", None)), fields=["moved_at"], name="saga_under_way"
                    ),
                    models.Index(fields=["subject"], name="saga_of_subject"),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("saga", "subject", "turn"), name="saga_once_in_a_turn"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("ended_at", None),
                                ("state__regex", "^(running|waiting|compensating|needs_operator)$"),
                            ),
                            models.Q(("ended_at__isnull", False), ("state__regex", "^(done|compensated)$")),
                            _connector="OR",
                        ),
                        name="saga_ends_in_a_final_state",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Happening",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                (
                    "what",
                    models.CharField(
                        choices=[
                            ("began", "Began"),
                            ("stage", "At a stage"),
                            ("done", "Done"),
                            ("waits", "Waits"),
                            ("failed", "Failed, will be tried again"),
                            ("refused", "Refused"),
                            ("turned", "Turned back"),
                            ("undone", "Taken back"),
                            ("stuck", "Needs an operator"),
                            ("retried", "Retried by an operator"),
                            ("skipped", "Skipped by an operator"),
                            ("forced", "Sent back by an operator"),
                            ("ended", "Ended"),
                        ],
                        max_length=8,
                    ),
                ),
                ("step", models.CharField(blank=True, max_length=80)),
                (
                    "direction",
                    models.CharField(choices=[("forth", "Forward"), ("back", "Back")], max_length=8),
                ),
                ("attempt", models.PositiveSmallIntegerField(default=0)),
                ("detail", models.TextField(blank=True)),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                (
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="happenings", to="sagas.run"
                    ),
                ),
            ],
            options={
                "ordering": ("id",),
                "default_permissions": ("view",),
            },
        ),
    ]
