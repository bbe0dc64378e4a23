"""Settings of payments: the accounts that payments post to."""

from django.utils.translation import gettext_lazy as _

from apps.settings import declare

BANK = declare(
    key="payments.bank_account",
    type=str,
    default="1000",
    description=_("The code of the account that payments are debited to and refunds are credited to."),
)
RECEIVABLE = declare(
    key="payments.receivable_account",
    type=str,
    default="1100",
    description=_("The code of the account of receivables."),
)
