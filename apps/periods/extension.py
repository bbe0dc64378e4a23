"""The next fiscal year: added in time, or announced as missing."""

from __future__ import annotations

import datetime as dt
import logging

from django.utils.translation import gettext

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.errors import Refusal
from apps.notices import queries as notices
from apps.notices.commands import SendAnnouncement
from apps.settings import queries as settings_queries
from apps.settings.business_day import business_day

from . import queries
from .commands import ExtendCalendar
from .models import FiscalYear
from .setting_definitions import ADD_FISCAL_YEARS

CALENDAR_SYSTEM = System("System (fiscal calendar)")
MISSING_YEAR = "fiscal_year.missing"
"""The kind of the notices."""
log = logging.getLogger(__name__)


def extend_or_announce() -> None:
    """Adds the next fiscal year if the last one ends soon and the setting allows it; sends a notice otherwise."""
    last = queries.year_without_successor(business_day())
    if last is not None and not _extended(last):
        _announce(last)


def _extended(last: FiscalYear) -> bool:
    if not settings_queries.value(ADD_FISCAL_YEARS):
        return False
    until = max(business_day(), last.ends_on + dt.timedelta(days=1))
    try:
        dispatch(ExtendCalendar(until=until), actor=CALENDAR_SYSTEM)
    except Refusal as refusal:
        log.warning("The fiscal year after %s could not be added: %s", last, refusal)
        return False
    return True


def _announce(last: FiscalYear) -> None:
    """At most once a week, by the key of the notice."""
    key = f"{MISSING_YEAR}:{last.code}:{business_day():%G-W%V}"
    if notices.notice_with_key(key):
        return
    command = SendAnnouncement(
        kind=MISSING_YEAR,
        subject=gettext("The fiscal year after {year} is missing").format(year=last.code),
        text=gettext(
            "Nothing can be booked after {day}: payments, orders and refunds will be refused from then on."
            " Add the fiscal year under Periods."
        ).format(day=last.ends_on),
        to=queries.notified_roles(),
        key=key,
    )
    dispatch(command, actor=CALENDAR_SYSTEM)
