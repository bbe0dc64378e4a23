"""Platform settings of the sagas of a tenant."""

from django.utils.translation import gettext_lazy as _

from apps.settings import declare

GRACE_DAYS = declare(
    key="operations.grace_days",
    type=int,
    default=30,
    minimum=0,
    maximum=365,
    description=_("Days between the request and the erasure of a tenant, in which it can be cancelled."),
)
