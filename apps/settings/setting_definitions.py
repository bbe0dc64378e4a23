"""Settings that floors below this one ask for, by hook, since they cannot declare their own."""

from .definitions import declare

SUPPORT_ACCESS = declare(
    key="identity.support_access",
    type=bool,
    default=True,
    description="Whether the platform's support may enter as one of our users. Off ends a visit at its next click.",
    by_support=False,
)
