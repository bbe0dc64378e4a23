"""Settings of lower layers, which read them through hooks because they cannot declare settings."""

from django.utils.translation import gettext_lazy as _

from .definitions import declare

SUPPORT_ACCESS = declare(
    key="identity.support_access",
    type=bool,
    default=True,
    description=_(
        "Whether the platform's support may sign in as a user of this tenant. "
        "Turning it off ends a session at its next request."
    ),
    by_support=False,
)
