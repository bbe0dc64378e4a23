"""Settings of periods."""

from apps.settings import declare

REASON_LENGTH = declare(
    key="periods.reason_length",
    type=int,
    default=10,
    description="The minimum length of the reason for closing a period, in characters.",
)
