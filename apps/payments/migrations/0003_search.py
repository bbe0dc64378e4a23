"""Indexes for searches in payments and credits."""

from django.db import migrations, models

from apps.kernel.search import text_index


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0003_search"),
        ("payments", "0002_invariants"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="credit",
            index=models.Index(fields=["amount_minor"], name="payments_credit_by_amount"),
        ),
        migrations.AddIndex(
            model_name="payment",
            index=models.Index(fields=["amount_minor"], name="payments_payment_by_amount"),
        ),
        text_index("payments_payment", "reference", "provider_payment_id"),
        text_index("payments_credit", "payer_name", "reference", "provider_payment_id"),
    ]
