"""Indexes for searches in customers, orders and invoices."""

from django.db import migrations, models

from apps.kernel.search import text_index


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_search"),
        ("sales", "0002_invariants"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["number"], name="sales_invoice_by_number"),
        ),
        migrations.AddIndex(
            model_name="invoice",
            index=models.Index(fields=["amount_minor"], name="sales_invoice_by_amount"),
        ),
        migrations.AddIndex(
            model_name="order",
            index=models.Index(fields=["amount_minor"], name="sales_order_by_amount"),
        ),
        text_index("sales_customer", "code", "name", "email"),
        text_index("sales_invoice", "customer_name"),
    ]
