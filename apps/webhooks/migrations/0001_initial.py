import django.contrib.postgres.fields
import django.db.models.deletion
import simple_history.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Endpoint",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("url", models.CharField(max_length=2000)),
                ("description", models.CharField(blank=True, max_length=200)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), blank=True, default=list, size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("disabled", "Disabled")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("disabled_reason", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("enabled_at", models.DateTimeField()),
                ("taken_at", models.DateTimeField(null=True)),
                ("last_outcome", models.CharField(blank=True, max_length=500)),
                ("tried_at", models.DateTimeField(null=True)),
            ],
            options={
                "permissions": [("manage_endpoints", "Can manage webhook endpoints and send messages again")],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("disabled_reason", ""), ("state", "active")),
                            models.Q(("state", "disabled"), models.Q(("disabled_reason", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="webhooks_disabled_has_reason",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalEndpoint",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                ("impersonator_name", models.CharField(blank=True, max_length=200)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("causation_id", models.CharField(blank=True, db_default="", default="", max_length=64)),
                ("url", models.CharField(max_length=2000)),
                ("description", models.CharField(blank=True, max_length=200)),
                (
                    "events",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=80), blank=True, default=list, size=None
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("active", "Active"), ("disabled", "Disabled")],
                        default="active",
                        max_length=8,
                    ),
                ),
                ("disabled_reason", models.TextField(blank=True)),
                ("created_at", models.DateTimeField()),
                ("enabled_at", models.DateTimeField()),
                ("history_user_id", models.BigIntegerField(null=True)),
                ("history_change_reason", models.TextField(null=True)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
            ],
            options={
                "verbose_name": "historical endpoint",
                "verbose_name_plural": "historical endpoints",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Secret",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sealed", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="secrets",
                        to="webhooks.endpoint",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Message",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("event_id", models.BigIntegerField(null=True)),
                ("ref", models.CharField(max_length=64, unique=True)),
                ("type", models.CharField(max_length=80)),
                ("body", models.TextField()),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[("pending", "Pending"), ("delivered", "Delivered"), ("dead", "Dead")],
                        default="pending",
                        max_length=9,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("lease_holder", models.BigIntegerField(null=True)),
                ("created_at", models.DateTimeField()),
                ("last_error", models.TextField(blank=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "endpoint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="messages",
                        to="webhooks.endpoint",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["correlation_id"], name="webhooks_message_correlation"),
                    models.Index(
                        condition=models.Q(("state", "pending")),
                        fields=["next_at"],
                        name="webhooks_message_due",
                    ),
                    models.Index(
                        condition=models.Q(("leased_until__isnull", False)),
                        fields=["endpoint", "leased_until"],
                        name="webhooks_message_in_progress",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("endpoint", "event_id"), name="webhooks_message_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "pending"), _negated=True),
                            ("next_at__isnull", False),
                            _connector="OR",
                        ),
                        name="webhooks_pending_message_has_next_attempt",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("at", models.DateTimeField()),
                ("status", models.PositiveSmallIntegerField(null=True)),
                ("took", models.PositiveIntegerField(null=True)),
                ("response_body", models.TextField(blank=True)),
                ("error", models.TextField(blank=True)),
                (
                    "message",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tries",
                        to="webhooks.message",
                    ),
                ),
            ],
            options={
                "ordering": ("id",),
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Source",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=40)),
                ("scheme", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField()),
                ("refused", models.PositiveBigIntegerField(default=0)),
                ("refused_at", models.DateTimeField(null=True)),
            ],
            options={
                "permissions": [("manage_sources", "Can manage webhook sources and process messages again")],
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("name",), name="webhooks_source_once"),
                    models.CheckConstraint(
                        condition=models.Q(("name__regex", "^[a-z][a-z0-9-]*$")),
                        name="webhooks_source_name_is_a_slug",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalSource",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                ("impersonator_name", models.CharField(blank=True, max_length=200)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("causation_id", models.CharField(blank=True, db_default="", default="", max_length=64)),
                ("name", models.CharField(max_length=40)),
                ("scheme", models.CharField(max_length=20)),
                ("created_at", models.DateTimeField()),
                ("history_user_id", models.BigIntegerField(null=True)),
                ("history_change_reason", models.TextField(null=True)),
                ("history_id", models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ("history_date", models.DateTimeField(db_index=True)),
                (
                    "history_type",
                    models.CharField(
                        choices=[("+", "Created"), ("~", "Changed"), ("-", "Deleted")], max_length=1
                    ),
                ),
            ],
            options={
                "verbose_name": "historical source",
                "verbose_name_plural": "historical sources",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="SourceSecret",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("sealed", models.TextField()),
                ("created_at", models.DateTimeField()),
                ("retired_at", models.DateTimeField(null=True)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="secrets",
                        to="webhooks.source",
                    ),
                ),
            ],
            options={
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Received",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("ref", models.CharField(max_length=200)),
                ("type", models.CharField(blank=True, max_length=120)),
                ("headers", models.JSONField()),
                ("body", models.BinaryField()),
                ("received_at", models.DateTimeField()),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("processed", "Processed"),
                            ("failed", "Failed, tried again"),
                            ("ignored", "Ignored"),
                            ("dead", "Dead"),
                        ],
                        default="received",
                        max_length=9,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "source",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="webhooks.source"
                    ),
                ),
            ],
            options={
                "verbose_name": "received message",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["correlation_id"], name="webhooks_received_correlation"),
                    models.Index(
                        condition=models.Q(("state", "received"), ("state", "failed"), _connector="OR"),
                        fields=["next_at"],
                        name="webhooks_received_due",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "ref"), name="webhooks_received_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("state", "received"), ("state", "failed"), _connector="OR", _negated=True
                            ),
                            ("next_at__isnull", False),
                            _connector="OR",
                        ),
                        name="webhooks_open_received_has_next_attempt",
                    ),
                ],
            },
        ),
    ]
