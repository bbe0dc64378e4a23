"""Settings of the ledger."""

from apps.settings import declare

RETENTION_YEARS = declare(
    key="ledger.retention_years",
    type=int,
    default=10,
    description="The legal retention of entries, in years after the end of their fiscal year. "
    "A tenant cannot be erased earlier.",
)
