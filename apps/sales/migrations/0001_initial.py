import django.db.models.deletion
import simple_history.models
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("inventory", "0001_initial"),
        ("ledger", "0001_initial"),
    ]

    operations = [
        migrations.CreateModel(
            name="Customer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=32, unique=True)),
                ("name", models.CharField(max_length=200)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("address", models.TextField(blank=True)),
            ],
            options={
                "ordering": ("code",),
                "permissions": [("manage_customers", "Can add customers")],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("code", ""), _negated=True), models.Q(("name", ""), _negated=True)
                        ),
                        name="sales_customer_is_named",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoricalCustomer",
            fields=[
                (
                    "id",
                    models.BigIntegerField(auto_created=True, blank=True, db_index=True, verbose_name="ID"),
                ),
                ("actor_name", models.CharField(blank=True, max_length=200)),
                ("impersonator_name", models.CharField(blank=True, max_length=200)),
                ("correlation_id", models.CharField(blank=True, max_length=64)),
                ("causation_id", models.CharField(blank=True, db_default="", default="", max_length=64)),
                ("code", models.CharField(db_index=True, max_length=32)),
                ("name", models.CharField(max_length=200)),
                ("email", models.EmailField(blank=True, max_length=254)),
                ("address", models.TextField(blank=True)),
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
                "verbose_name": "historical customer",
                "verbose_name_plural": "historical customers",
                "ordering": ("-history_date", "-history_id"),
                "get_latest_by": ("history_date", "history_id"),
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        migrations.CreateModel(
            name="Order",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                ("provider", models.CharField(max_length=20)),
                ("token", models.CharField(blank=True, max_length=120)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("placed", "Placed"),
                            ("confirmed", "Confirmed"),
                            ("paid", "Paid"),
                            ("invoiced", "Invoiced"),
                            ("completed", "Completed"),
                            ("cancelled", "Cancelled"),
                        ],
                        default="placed",
                        max_length=9,
                    ),
                ),
                ("placed_at", models.DateTimeField()),
                ("placed_by", models.CharField(max_length=200)),
                ("why", models.TextField(blank=True, verbose_name="reason")),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="orders",
                        to="sales.customer",
                    ),
                ),
            ],
            options={
                "ordering": ("-id",),
                "permissions": [
                    ("place_order", "Can place orders"),
                    ("process_order", "Can lock and complete orders"),
                    ("cancel_order", "Can cancel orders"),
                    ("refund_order", "Can refund orders"),
                    ("set_up_sales", "Can set up sales"),
                ],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("amount_minor__gt", 0), ("amount_minor__lte", 1000000000000000)),
                        name="sales_order_total_in_range",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "cancelled"), _negated=True),
                            models.Q(("why", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="sales_cancelled_order_has_reason",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrderLine",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("line_no", models.PositiveIntegerField()),
                ("name", models.CharField(max_length=200)),
                ("quantity", models.BigIntegerField()),
                ("price_minor", models.BigIntegerField()),
                (
                    "item",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="inventory.item"
                    ),
                ),
                (
                    "order",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="lines",
                        to="sales.order",
                    ),
                ),
            ],
            options={
                "ordering": ("line_no",),
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("order", "line_no"), name="sales_line_once"),
                    models.UniqueConstraint(fields=("order", "item"), name="sales_ordered_item_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("price_minor__gte", 0),
                            ("price_minor__lte", 1000000000000000),
                            ("quantity__gt", 0),
                            ("quantity__lte", 1000000000),
                        ),
                        name="sales_line_is_valid",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Invoice",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("year", models.PositiveSmallIntegerField()),
                ("number", models.PositiveIntegerField()),
                ("issued_on", models.DateField()),
                ("seller", models.CharField(max_length=120)),
                ("customer_name", models.CharField(max_length=200)),
                ("customer_address", models.TextField(blank=True)),
                ("currency", models.CharField(max_length=3)),
                ("amount_minor", models.BigIntegerField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("issued", "Issued, document pending"),
                            ("failed", "Issued, document failed"),
                            ("stored", "Issued"),
                        ],
                        default="issued",
                        max_length=6,
                    ),
                ),
                ("file", models.CharField(blank=True, max_length=200)),
                ("failure", models.TextField(blank=True, verbose_name="reason")),
                (
                    "entry",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="ledger.entry"
                    ),
                ),
                (
                    "order",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT, related_name="invoice", to="sales.order"
                    ),
                ),
            ],
            options={
                "ordering": ("-year", "-number"),
                "permissions": [("issue_invoice", "Can issue invoices")],
                "default_permissions": ("view",),
                "constraints": [
                    models.UniqueConstraint(fields=("year", "number"), name="sales_invoice_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("file", ""), ("state__regex", "^(issued|failed)$")),
                            models.Q(("state", "stored"), models.Q(("file", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="sales_stored_invoice_has_file",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("state", "failed"), models.Q(("failure", ""), _negated=True)),
                            models.Q(models.Q(("state", "failed"), _negated=True), ("failure", "")),
                            _connector="OR",
                        ),
                        name="sales_failed_document_has_reason",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("issued_on__year", models.F("year"))),
                        name="sales_invoice_is_of_its_year",
                    ),
                ],
            },
        ),
    ]
