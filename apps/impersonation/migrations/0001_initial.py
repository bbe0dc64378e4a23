import datetime

import django.db.models.expressions
from django.db import migrations, models

from apps.kernel.db.text_columns import REQUIRED_LINES, text_columns


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Impersonation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("operator_id", models.BigIntegerField()),
                ("operator_name", models.CharField(max_length=150)),
                ("tenant_id", models.BigIntegerField()),
                ("tenant_name", models.CharField(max_length=120, verbose_name="tenant")),
                ("epoch", models.PositiveIntegerField()),
                ("user_id", models.BigIntegerField()),
                ("user_name", models.CharField(max_length=254, verbose_name="as")),
                ("reason", models.TextField()),
                ("ticket", models.CharField(max_length=64)),
                ("requested_at", models.DateTimeField()),
                ("ticket_expires_at", models.DateTimeField()),
                ("entered_at", models.DateTimeField(null=True)),
                ("ends_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("left", "The operator left"),
                            ("ended", "An operator ended it"),
                            ("expired", "The time limit was reached"),
                            ("ticket_unused", "The ticket was not used"),
                            ("refused", "The tenant refused it"),
                            ("operator_gone", "The operator lost the permission"),
                            ("tenant_changed", "The tenant was suspended or moved"),
                            ("user_changed", "The permissions of the user changed"),
                            ("access_disabled", "The tenant disabled support access"),
                        ],
                        max_length=16,
                        verbose_name="end reason",
                    ),
                ),
                ("actions", models.PositiveIntegerField(null=True)),
                ("settled_at", models.DateTimeField(null=True)),
            ],
            options={
                "permissions": [
                    ("impersonate_managers", "Can impersonate users who manage a tenant's users")
                ],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(
                        condition=models.Q(("settled_at", None)), fields=["id"], name="identity_unsettled"
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("operator_id",),
                        name="identity_one_impersonation",
                    ),
                    models.UniqueConstraint(
                        condition=models.Q(("ticket", ""), _negated=True),
                        fields=("ticket",),
                        name="identity_ticket_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("entered_at", None),
                            models.Q(
                                (
                                    "ends_at__lte",
                                    django.db.models.expressions.CombinedExpression(
                                        models.F("entered_at"),
                                        "+",
                                        models.Value(datetime.timedelta(seconds=1800)),
                                    ),
                                ),
                                ("ticket", ""),
                            ),
                            _connector="OR",
                        ),
                        name="identity_impersonation_is_short",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="SupportSession",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.BigIntegerField()),
                ("operator", models.CharField(max_length=150)),
                ("user_id", models.BigIntegerField()),
                ("user_name", models.CharField(max_length=254, verbose_name="as")),
                ("reason", models.TextField()),
                ("entered_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "end_reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("left", "The operator left"),
                            ("ended", "An operator ended it"),
                            ("expired", "The time limit was reached"),
                            ("ticket_unused", "The ticket was not used"),
                            ("refused", "The tenant refused it"),
                            ("operator_gone", "The operator lost the permission"),
                            ("tenant_changed", "The tenant was suspended or moved"),
                            ("user_changed", "The permissions of the user changed"),
                            ("access_disabled", "The tenant disabled support access"),
                        ],
                        max_length=16,
                        verbose_name="end reason",
                    ),
                ),
                ("actions", models.PositiveIntegerField(null=True)),
            ],
            options={
                "verbose_name": "support session",
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["number"], name="identity_support_by_number")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("actions", None), ("ended_at", None)),
                            models.Q(("actions__isnull", False), ("ended_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="identity_supportsession_ends_counted",
                    )
                ],
            },
        ),
        text_columns("impersonation_impersonation", reason=REQUIRED_LINES),
        text_columns("impersonation_supportsession", reason=REQUIRED_LINES),
    ]
