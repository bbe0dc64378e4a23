"""What the business sets of its books."""

from apps.settings import declare

RETENTION_YEARS = declare(
    key="ledger.retention_years",
    type=int,
    default=10,
    description="How many years after the end of their fiscal year the law has the books kept. "
    "A tenant is not erased before.",
)
