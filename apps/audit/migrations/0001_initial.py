from django.db import migrations, models

import apps.audit.transaction_id


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Record",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("command", models.CharField(max_length=80)),
                (
                    "outcome",
                    models.CharField(
                        choices=[
                            ("done", "Done"),
                            ("repeated", "Repeated request"),
                            ("refused", "Refused"),
                            ("failed", "Failed"),
                        ],
                        max_length=8,
                    ),
                ),
                ("sentence", models.TextField()),
                ("template", models.CharField(blank=True, max_length=80)),
                ("arguments", models.TextField(default="{}")),
                ("actor_id", models.BigIntegerField(null=True)),
                ("actor_name", models.CharField(max_length=200)),
                ("impersonator_name", models.CharField(blank=True, max_length=200)),
                ("reason", models.TextField(blank=True)),
                ("subject_type", models.CharField(blank=True, max_length=80)),
                ("subject_id", models.CharField(blank=True, max_length=40)),
                ("request", models.JSONField()),
                ("changes", models.JSONField(default=list)),
                ("refusals", models.JSONField(default=list)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("causation_id", models.CharField(blank=True, max_length=64)),
                ("duration_us", models.PositiveBigIntegerField(null=True)),
                ("retention", models.CharField(max_length=12)),
                ("content_commitment", models.BinaryField()),
                ("content_salt", models.BinaryField(null=True)),
                ("actor_commitment", models.BinaryField()),
                ("actor_salt", models.BinaryField(null=True)),
                (
                    "xid",
                    apps.audit.transaction_id.TransactionId(
                        db_default=apps.audit.transaction_id.CurrentTransaction(), editable=False
                    ),
                ),
                ("database_user", models.CharField(blank=True, max_length=63)),
                ("backend_pid", models.IntegerField(default=0)),
            ],
            options={
                "verbose_name": "audit record",
                "verbose_name_plural": "audit log",
                "permissions": [
                    ("manage_retention", "Can move records of the audit log to cold storage and drop them"),
                    ("erase_person", "Can erase a person from the audit log"),
                ],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["retention", "xid", "id"], name="audit_by_seal"),
                    models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
                    models.Index(fields=["-at", "-id"], name="audit_by_time"),
                    models.Index(fields=["subject_type", "subject_id"], name="audit_by_subject"),
                    models.Index(fields=["correlation_id"], name="audit_by_correlation"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Segment",
            fields=[
                ("number", models.PositiveBigIntegerField(primary_key=True, serialize=False)),
                ("retention", models.CharField(max_length=12)),
                ("after_xid", apps.audit.transaction_id.TransactionId()),
                ("after_id", models.BigIntegerField()),
                ("last_xid", apps.audit.transaction_id.TransactionId()),
                ("last_id", models.BigIntegerField()),
                ("lowest_id", models.BigIntegerField()),
                ("highest_id", models.BigIntegerField()),
                ("newest_at", models.DateTimeField(help_text="When the newest of its records was written.")),
                ("records", models.PositiveIntegerField()),
                ("records_hash", models.CharField(max_length=64)),
                ("previous_hash", models.CharField(max_length=64, unique=True)),
                ("key_id", models.CharField(max_length=40)),
                ("sealed_at", models.DateTimeField()),
                ("hash", models.CharField(max_length=64)),
            ],
            options={
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["retention", "number"], name="audit_segment_by_class")],
            },
        ),
        migrations.CreateModel(
            name="ColdStorageFile",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("retention", models.CharField(max_length=12)),
                ("first_segment", models.PositiveBigIntegerField()),
                ("last_segment", models.PositiveBigIntegerField()),
                ("segments", models.PositiveIntegerField()),
                ("records", models.PositiveIntegerField()),
                ("file", models.CharField(max_length=200)),
                ("hashes", models.JSONField(default=list)),
                ("stored_at", models.DateTimeField()),
                ("key_id", models.CharField(max_length=40)),
                ("signature", models.CharField(max_length=64)),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Erasure",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key_id", models.CharField(max_length=40)),
                ("signature", models.CharField(max_length=64)),
                ("at", models.DateTimeField()),
                ("actor", models.TextField(blank=True)),
                ("content", models.TextField(blank=True)),
                ("versions", models.JSONField(default=list)),
                ("head_number", models.PositiveBigIntegerField()),
                ("head_hash", models.CharField(max_length=64)),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("intact", models.BooleanField()),
                ("segments", models.PositiveBigIntegerField()),
                ("records", models.PositiveBigIntegerField()),
                ("seconds", models.FloatField()),
                ("faults", models.JSONField(default=list)),
                ("stopped_at", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="RollupCursor",
            fields=[
                ("retention", models.CharField(max_length=12, primary_key=True, serialize=False)),
                ("xid", apps.audit.transaction_id.TransactionId()),
                ("record_id", models.BigIntegerField()),
            ],
            options={
                "default_permissions": (),
            },
        ),
        migrations.CreateModel(
            name="CommandMinute",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("minute", models.DateTimeField()),
                ("command", models.CharField(max_length=80)),
                ("succeeded", models.PositiveIntegerField()),
                ("repeated", models.PositiveIntegerField()),
                ("refused", models.PositiveIntegerField()),
                ("failed", models.PositiveIntegerField()),
                ("total_us", models.PositiveBigIntegerField()),
                ("max_us", models.PositiveBigIntegerField()),
            ],
            options={
                "verbose_name": "command activity",
                "verbose_name_plural": "command activity",
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("minute", "command"), name="audit_minute_once")
                ],
            },
        ),
    ]
