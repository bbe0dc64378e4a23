"""Settings of sales: the accounts that sales post to."""

from django.utils.translation import gettext_lazy as _

from apps.ledger.hooks import declare_account

REVENUE = declare_account(
    key="sales.revenue_account",
    default="4000",
    description=_("The code of the account that invoices are posted to."),
    types=("income",),
)
REFUNDS = declare_account(
    key="sales.refunds_account",
    default="4900",
    description=_("The code of the account that refunds of sales are posted to."),
    types=("income", "expense"),
)
ACCOUNTS = (REVENUE, REFUNDS)
