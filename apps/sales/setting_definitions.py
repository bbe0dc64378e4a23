"""Settings of sales: the accounts that sales post to."""

from django.utils.translation import gettext_lazy as _

from apps.settings import declare

REVENUE = declare(
    key="sales.revenue_account",
    type=str,
    default="4000",
    description=_("The code of the account that invoices are posted to."),
)
REFUNDS = declare(
    key="sales.refunds_account",
    type=str,
    default="4900",
    description=_("The code of the account that refunds of sales are posted to."),
)
