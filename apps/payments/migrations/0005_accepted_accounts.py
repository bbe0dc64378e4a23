"""The settings of payments accept assets and liabilities only. Bank and receivables differ: one account for both would
merge their balances. (Credits are a liability, so their account differs from both.)"""

from django.db import migrations

from apps.ledger.guards import accepted_account

BANK, RECEIVABLE = "payments.bank_account", "payments.receivable_account"


class Migration(migrations.Migration):
    dependencies = [("payments", "0004_account_of_open_credits"), ("ledger", "0004_accepted_accounts")]
    operations = [
        accepted_account(BANK, "1000", types=["asset"], differs_from={RECEIVABLE: "1100"}),
        accepted_account("payments.credit_account", "2100", types=["liability"]),
        accepted_account(RECEIVABLE, "1100", types=["asset"], differs_from={BANK: "1000"}),
    ]
