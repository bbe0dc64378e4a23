"""The seal: what each record is bound by, the segments, their archives, and who looked whether all is well."""

import os

from django.db import migrations, models

import apps.audit.transaction_id
from apps.audit import chain, retention

WHO = ("actor_name", "real_actor_name", "sentence", "reason")
WHAT = ("request", "changes", "refusals")


def commit_to_texts(state, schema_editor):
    """Rows from before the seal get what it binds to. The owner lets them be written to once."""
    rows = state.get_model("audit", "Record").objects.using(schema_editor.connection.alias)
    schema_editor.execute("ALTER TABLE audit_record DISABLE TRIGGER audit_record_rows_stay")
    for row in rows.iterator():
        row.retention = retention.class_of(row.command)
        row.who_salt, row.what_salt = os.urandom(16), os.urandom(16)
        row.who_commitment = chain.commitment(
            row.who_salt, chain.canonical_row([getattr(row, each) for each in WHO])
        )
        row.what_commitment = chain.commitment(
            row.what_salt, chain.canonical(chain.as_kept([getattr(row, each) for each in WHAT]))
        )
        row.save()
    schema_editor.execute("ALTER TABLE audit_record ENABLE TRIGGER audit_record_rows_stay")


class Migration(migrations.Migration):
    dependencies = [
        ("audit", "0002_append_only"),
    ]

    operations = [
        migrations.CreateModel(
            name="Archive",
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
                ("archived_at", models.DateTimeField()),
            ],
            options={
                "default_permissions": ("view",),
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
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.AlterModelOptions(
            name="record",
            options={
                "default_permissions": ("view",),
                "permissions": [
                    ("manage_retention", "Can archive the trail and drop what was archived"),
                    ("erase_person", "Can erase a person from the trail"),
                ],
                "verbose_name": "audit record",
                "verbose_name_plural": "audit trail",
            },
        ),
        migrations.AddField(
            model_name="record",
            name="retention",
            field=models.CharField(default="", max_length=12),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="record",
            name="what_commitment",
            field=models.BinaryField(default=b""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="record",
            name="what_salt",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="record",
            name="who_commitment",
            field=models.BinaryField(default=b""),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="record",
            name="who_salt",
            field=models.BinaryField(null=True),
        ),
        migrations.AddField(
            model_name="record",
            name="xid",
            field=apps.audit.transaction_id.TransactionId(
                db_default=apps.audit.transaction_id.CurrentTransaction(), editable=False
            ),
        ),
        migrations.RunPython(commit_to_texts, migrations.RunPython.noop),
        migrations.AlterField(
            model_name="record",
            name="outcome",
            field=models.CharField(
                choices=[
                    ("done", "Done"),
                    ("repeated", "Asked again"),
                    ("refused", "Refused"),
                    ("failed", "Failed"),
                ],
                max_length=8,
            ),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["retention", "xid", "id"], name="audit_by_seal"),
        ),
        migrations.AddIndex(
            model_name="record",
            index=models.Index(fields=["actor_id", "-id"], name="audit_by_actor"),
        ),
        migrations.AddIndex(
            model_name="segment",
            index=models.Index(fields=["retention", "number"], name="audit_segment_by_class"),
        ),
    ]
