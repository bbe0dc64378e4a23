"""The settings of sales accept accounts of the income statement. Refunds may reduce the revenue on its own account."""

from django.db import migrations

from apps.ledger.guards import accepted_account


class Migration(migrations.Migration):
    dependencies = [("sales", "0004_account_of_paid_orders"), ("ledger", "0004_accepted_accounts")]
    operations = [
        accepted_account("sales.revenue_account", "4000", types=["income"]),
        accepted_account("sales.refunds_account", "4900", types=["income", "expense"]),
    ]
