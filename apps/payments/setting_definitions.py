"""Settings of payments: the accounts that payments post to."""

from django.utils.translation import gettext_lazy as _

from apps.ledger.hooks import declare_account

BANK = declare_account(
    key="payments.bank_account",
    default="1000",
    description=_("The code of the account that payments are debited to and refunds are credited to."),
    types=("asset",),
    differs_from=("payments.receivable_account",),
)
CREDIT_ACCOUNT = declare_account(
    key="payments.credit_account",
    default="2100",
    description=_("The code of the account of money on account: a liability to customers."),
    types=("liability",),
)
RECEIVABLE = declare_account(
    key="payments.receivable_account",
    default="1100",
    description=_("The code of the account of receivables."),
    types=("asset",),
    differs_from=("payments.bank_account",),
)
ACCOUNTS = (BANK, RECEIVABLE)
"""Of a payment. Money on account needs its account too."""
