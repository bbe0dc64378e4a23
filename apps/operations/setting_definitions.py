"""Platform settings of the sagas of a tenant."""

from apps.settings import declare

GRACE_DAYS = declare(
    key="operations.grace_days",
    type=int,
    default=30,
    description="Days between the request and the erasure of a tenant, in which it can be cancelled.",
)
