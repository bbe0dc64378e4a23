import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Payment",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(db_index=True, max_length=120)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("provider", models.CharField(max_length=20)),
                ("token", models.CharField(blank=True, max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("requested", "Requested"),
                            ("confirmed", "Confirmed"),
                            ("failed", "Failed"),
                            ("void", "Void"),
                        ],
                        default="requested",
                        max_length=9,
                    ),
                ),
                ("provider_payment_id", models.CharField(blank=True, max_length=120)),
                ("refunded_minor", models.BigIntegerField(db_default=0, default=0)),
                ("why", models.TextField(blank=True, verbose_name="reason")),
                ("requested_at", models.DateTimeField()),
                ("confirmed_at", models.DateTimeField(null=True)),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.entry",
                    ),
                ),
            ],
            options={
                "permissions": [
                    ("request_payment", "Can request payments"),
                    ("confirm_payment", "Can confirm payments and mark them as failed"),
                    ("refund_payment", "Can void and refund payments"),
                ],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0), ("amount_minor__lte", 1000000000000000)),
                        name="payments_payment_is_positive",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("refunded_minor__gte", 0), ("refunded_minor__lte", models.F("amount_minor"))
                        ),
                        name="payments_refunds_within_payment",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("confirmed_at__isnull", False),
                                ("entry__isnull", False),
                                ("state", "confirmed"),
                                models.Q(("provider_payment_id", ""), _negated=True),
                            ),
                            models.Q(
                                ("confirmed_at", None),
                                ("entry", None),
                                ("provider_payment_id", ""),
                                ("refunded_minor", 0),
                                ("state__regex", "^(requested|failed|void)$"),
                            ),
                            _connector="OR",
                        ),
                        name="payments_confirmed_is_posted",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("provider_payment_id", ""), _negated=True),
                        fields=("provider", "provider_payment_id"),
                        name="payments_provider_id_once",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("state", "requested")),
                        fields=("reference",),
                        name="payments_one_open_for_reference",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Refund",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("reference", models.CharField(max_length=80)),
                ("amount_minor", models.BigIntegerField()),
                ("reason", models.TextField()),
                (
                    "state",
                    models.CharField(
                        choices=[("requested", "Requested"), ("posted", "Posted")],
                        default="requested",
                        max_length=9,
                    ),
                ),
                ("requested_at", models.DateTimeField()),
                ("provider_refund_id", models.CharField(blank=True, max_length=120)),
                ("sent_at", models.DateTimeField(null=True)),
                (
                    "entry",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="ledger.entry",
                    ),
                ),
                (
                    "payment",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="refunds",
                        to="payments.payment",
                    ),
                ),
            ],
            options={
                "ordering": ("id",),
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("payment", "reference"), name="payments_refund_once"),
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0)), name="payments_refund_is_positive"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("entry__isnull", False), ("state", "posted")),
                            models.Q(("entry", None), ("state", "requested")),
                            _connector="OR",
                        ),
                        name="payments_posted_refund_has_entry",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SandboxOperation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("key", models.CharField(max_length=120, unique=True)),
                ("amount_minor", models.BigIntegerField()),
                ("currency", models.CharField(max_length=3)),
                ("declined", models.CharField(blank=True, max_length=200)),
                ("done_at", models.DateTimeField()),
            ],
            options={
                "verbose_name": "sandbox operation",
                "default_permissions": ("view",),
            },
        ),
    ]
