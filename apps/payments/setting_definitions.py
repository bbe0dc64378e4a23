"""What the business sets about payments: which accounts they are posted to."""

from apps.settings import declare

BANK = declare(
    key="payments.bank_account",
    type=str,
    default="1000",
    description="The code of the account that payments come into and refunds go out of.",
)
RECEIVABLE = declare(
    key="payments.receivable_account",
    type=str,
    default="1100",
    description="The code of the account of what customers owe.",
)
