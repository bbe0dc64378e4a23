"""Indexes for searches in entries."""

from django.db import migrations, models

from apps.kernel.search import text_index


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0002_invariants"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="entryline",
            index=models.Index(fields=["amount_minor"], name="ledger_line_by_amount"),
        ),
        text_index("ledger_entry", "memo", "payee", "reference"),
    ]
