"""Settings of the ledger."""

from django.utils.translation import gettext_lazy as _

from apps.settings import declare

RETENTION_YEARS = declare(
    key="ledger.retention_years",
    type=int,
    default=10,
    minimum=1,
    maximum=100,
    description=_(
        "The legal retention of entries, in years after the end of their fiscal year. "
        "A tenant cannot be erased earlier."
    ),
)
