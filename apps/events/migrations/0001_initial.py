import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="OutboxEvent",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField(editable=False, null=True)),
                ("name", models.CharField(max_length=80)),
                ("aggregate", models.CharField(max_length=120)),
                ("payload", models.JSONField()),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("causation_id", models.CharField(blank=True, max_length=64)),
                ("occurred_at", models.DateTimeField()),
                ("routed_at", models.DateTimeField(null=True)),
                ("due_at", models.DateTimeField(null=True)),
                ("version", models.PositiveSmallIntegerField(db_default=1, default=1)),
                ("traceparent", models.CharField(blank=True, db_default="", default="", max_length=55)),
                ("queue", models.CharField(blank=True, db_default="", default="", max_length=20)),
            ],
            options={
                "verbose_name": "event",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("routed_at", None)), fields=["id"], name="outbox_unrouted"
                    ),
                    models.Index(fields=["tenant_id", "-id"], name="outbox_of_tenant"),
                    models.Index(fields=["name", "occurred_at"], name="outbox_of_name"),
                    models.Index(fields=["correlation_id"], name="outbox_of_request"),
                ],
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("tenant_id", models.BigIntegerField(editable=False, null=True)),
                ("subscriber", models.CharField(max_length=120)),
                ("aggregate", models.CharField(max_length=120)),
                ("queue", models.CharField(db_default="default", default="default", max_length=20)),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("pending", "Pending"),
                            ("done", "Done"),
                            ("dead", "Dead letter"),
                            ("dropped", "Dropped"),
                        ],
                        default="pending",
                        max_length=8,
                    ),
                ),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("next_at", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "event",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="events.outboxevent",
                    ),
                ),
                ("hinted_at", models.DateTimeField(null=True)),
            ],
            options={
                "verbose_name_plural": "deliveries",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("status__in", ["pending", "dead"])),
                        fields=["subscriber", "tenant_id", "aggregate", "event"],
                        name="delivery_ordering_key",
                    ),
                    models.Index(
                        django.db.models.functions.comparison.Coalesce("tenant_id", 0),
                        models.F("subscriber"),
                        models.F("queue"),
                        models.F("event"),
                        condition=models.Q(
                            ("hinted_at", None), ("next_at__isnull", False), ("status", "pending")
                        ),
                        name="delivery_due",
                    ),
                    models.Index(
                        condition=models.Q(("hinted_at__isnull", False), ("status", "pending")),
                        fields=["tenant_id", "queue"],
                        name="delivery_hinted",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("event", "subscriber"), name="delivery_once")
                ],
            },
        ),
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
                ("queue", models.CharField(db_default="default", default="default", max_length=20)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("open_until", models.DateTimeField(null=True)),
                ("last_error", models.TextField(blank=True)),
            ],
            options={
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(
                        fields=("subscriber", "queue", "tenant_id"), name="breaker_once", nulls_distinct=False
                    )
                ],
            },
        ),
    ]
