"""Tables of rollouts, experiments, use and life cycle of flags."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("flags", "0002_invariants"),
    ]

    operations = [
        migrations.CreateModel(
            name="Exposure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                ("revision", models.BigIntegerField()),
                ("unit", models.CharField(max_length=200)),
                ("variant", models.CharField(max_length=100)),
                ("exposed_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(fields=("key", "revision", "unit"), name="flags_exposure_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="FlagUsage",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                ("variant", models.CharField(blank=True, max_length=100)),
                ("span", models.CharField(choices=[("minute", "Minute"), ("day", "Day")], max_length=6)),
                ("starts_at", models.DateTimeField()),
                ("evaluations", models.PositiveBigIntegerField()),
                ("last_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["span", "starts_at"], name="flags_usage_by_age")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("key", "span", "starts_at", "variant"), name="flags_usage_once"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("span__regex", "\\A(minute|day)\\Z")),
                        name="flags_usage_span_is_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Rollout",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("initiated", "Initiated"),
                            ("progressing", "Progressing"),
                            ("paused", "Paused"),
                            ("completed", "Completed"),
                            ("rolled_back", "Rolled back"),
                        ],
                        default="initiated",
                        max_length=11,
                    ),
                ),
                ("stage", models.PositiveSmallIntegerField(default=0)),
                ("percentage", models.FloatField(default=0.0)),
                ("stage_since", models.DateTimeField()),
                ("started_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                ("changed_at", models.DateTimeField()),
                ("changed_by_name", models.CharField(max_length=200)),
                ("reason", models.TextField()),
                (
                    "revision",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="flags.revision"
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="RolloutStep",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("initiated", "Initiated"),
                            ("progressing", "Progressing"),
                            ("paused", "Paused"),
                            ("completed", "Completed"),
                            ("rolled_back", "Rolled back"),
                        ],
                        max_length=11,
                    ),
                ),
                ("stage", models.PositiveSmallIntegerField()),
                ("percentage", models.FloatField()),
                ("at", models.DateTimeField()),
                ("by_name", models.CharField(max_length=200)),
                ("reason", models.TextField()),
                (
                    "revision",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="flags.revision"
                    ),
                ),
                (
                    "rollout",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="steps", to="flags.rollout"
                    ),
                ),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="StaleFlag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=100)),
                (
                    "reasons",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=20), size=None
                    ),
                ),
                ("since_at", models.DateTimeField()),
                ("alerts", models.PositiveSmallIntegerField(default=0)),
                ("alerted_at", models.DateTimeField(null=True)),
                ("escalated_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={
                "default_permissions": (),
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("key",),
                        name="flags_stale_once_at_a_time",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Outcome",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("value", models.FloatField()),
                ("at", models.DateTimeField()),
                (
                    "exposure",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="outcomes",
                        to="flags.exposure",
                    ),
                ),
            ],
            options={
                "default_permissions": (),
                "indexes": [models.Index(fields=["exposure", "name"], name="flags_outcomes_by_name")],
            },
        ),
        migrations.AddIndex(
            model_name="rollout",
            index=models.Index(fields=["key", "-id"], name="flags_rollouts_of_a_key"),
        ),
        migrations.AddConstraint(
            model_name="rollout",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state__regex", "\\A(initiated|progressing|paused)\\Z")),
                fields=("key",),
                name="flags_one_active_rollout",
            ),
        ),
        migrations.AddConstraint(
            model_name="rollout",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("ended_at__isnull", False), ("state__regex", "\\A(completed|rolled_back)\\Z")),
                    models.Q(("ended_at", None), ("state__regex", "\\A(initiated|progressing|paused)\\Z")),
                    _connector="OR",
                ),
                name="flags_rollout_ends_at_some_time",
            ),
        ),
        migrations.AddIndex(
            model_name="rolloutstep",
            index=models.Index(fields=["key", "-id"], name="flags_steps_of_a_key"),
        ),
    ]
