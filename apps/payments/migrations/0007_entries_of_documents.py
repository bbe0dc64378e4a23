from django.db import migrations

from apps.ledger.guards import documents_book


class Migration(migrations.Migration):
    dependencies = [("payments", "0006_counted_after_insertion"), ("ledger", "0008_entries_of_documents")]
    operations = [
        documents_book("payments", "payment_confirmed", "refund_ledger", "transfer", "credit_refunded"),
    ]
