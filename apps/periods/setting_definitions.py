"""What the business sets about periods."""

from apps.settings import declare

REASON_LENGTH = declare(
    key="periods.reason_length",
    type=int,
    default=10,
    description="The least number of characters of the reason for closing a period.",
)
