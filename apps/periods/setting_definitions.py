"""Settings of periods."""

from django.utils.translation import gettext_lazy as _

from apps.settings import declare

REASON_LENGTH = declare(
    key="periods.reason_length",
    type=int,
    default=10,
    description=_("The minimum length of the reason for closing a period, in characters."),
)
