from django.db import migrations

from apps.ledger.guards import documents_book


class Migration(migrations.Migration):
    dependencies = [("sales", "0008_inactive"), ("ledger", "0008_entries_of_documents")]
    operations = [documents_book("sales", "invoice_issued", "refund_credited")]
