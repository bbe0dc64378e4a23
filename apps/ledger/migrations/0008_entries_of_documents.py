from django.db import migrations

from apps.ledger.guards import DOCUMENT_GUARD, UNDO_DOCUMENT_GUARD


class Migration(migrations.Migration):
    dependencies = [("ledger", "0007_account_type")]
    operations = [migrations.RunSQL(DOCUMENT_GUARD, UNDO_DOCUMENT_GUARD)]
