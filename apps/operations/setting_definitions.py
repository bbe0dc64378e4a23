"""What the platform sets about journeys."""

from apps.settings import declare

GRACE_DAYS = declare(
    key="operations.grace_days",
    type=int,
    default=30,
    description="How many days pass before a tenant that is queued for deletion is erased.",
)
