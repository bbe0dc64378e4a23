"""Settings of periods."""

from django.utils.translation import gettext_lazy as _

from apps.settings import declare

REASON_LENGTH = declare(
    key="periods.reason_length",
    type=int,
    default=10,
    minimum=1,
    maximum=500,
    description=_("The minimum length of the reason for closing a period, in characters."),
)
ADD_FISCAL_YEARS = declare(
    key="periods.add_fiscal_years",
    type=bool,
    default=True,
    description=_(
        "Whether the next fiscal year is added automatically, 60 days before the last one ends. "
        "Otherwise a notice says that it is missing."
    ),
)
