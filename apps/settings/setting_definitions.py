"""Settings of lower layers, which read them through hooks because they cannot declare settings."""

import zoneinfo
from functools import cache

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from .definitions import declare

MACHINE_DEPENDENT = {"localtime", "posixrules", "Factory"}
"""Names that depend on the machine."""


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones() - MACHINE_DEPENDENT)


def _time_zone_must_exist(name: str) -> None:
    if name not in _time_zones():
        message = gettext("there is no time zone {name!r}; use a name such as Europe/Berlin")
        raise ValueError(message.format(name=name[:80]))


TIME_ZONE = declare(
    key="companies.time_zone",
    type=str,
    default="UTC",
    description=_(
        "The time zone of the company, such as Europe/Berlin. Days of automatic postings, invoices and refunds, and "
        "months of the dashboard, are those there."
    ),
    check=_time_zone_must_exist,
)

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
