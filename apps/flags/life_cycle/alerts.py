"""Alerts about stale flags: to the owner once a week, then also to the users that manage flags, until the flag is
changed, extended or retired. All notices about a flag have one topic, so that an issue tracker has one issue for it."""

from __future__ import annotations

import datetime as dt
import logging

from django.utils.translation import gettext

from apps.bus import dispatch
from apps.flags.commands import ReportStaleFlag
from apps.flags.commands.changes import MANAGE
from apps.flags.models import Flag, StaleFlag
from apps.flags.setting_definitions import ESCALATE_AFTER
from apps.identity.models import User
from apps.kernel.actors import System
from apps.kernel.clock import now
from apps.notices import queries as notices
from apps.notices.commands import SendAnnouncement
from apps.settings import queries as settings_queries

from .staleness import Stale, stale_flags

SYSTEM = System("System (feature flags)")
KIND = "feature_flag.stale"
WEEK = dt.timedelta(days=7)
CLOSING = dt.timedelta(days=30)
"""How long after the retirement of a flag its issue may still be closed."""
log = logging.getLogger(__name__)


def topic_of(key: str) -> str:
    return f"flag:{key}"


def check() -> int:
    """Reports each flag that is or was stale, if that has changed or its next alert is due. Returns their number."""
    stale = stale_flags()
    open_periods = {period.key: period for period in StaleFlag.objects.filter(ended_at=None)}
    due = {flag.key for flag in retired_with_open_issue()}
    for key in stale.keys() | open_periods.keys():
        if is_due(open_periods.get(key), stale[key].reasons if key in stale else ()):
            due.add(key)
    for key in sorted(due):
        dispatch(ReportStaleFlag(key=key), actor=SYSTEM)
    return len(due)


def is_due(period: StaleFlag | None, reasons: tuple[str, ...]) -> bool:
    if period is None or not reasons:
        return period is not None or bool(reasons)
    return tuple(period.reasons) != reasons or is_alert_due(period)


def is_alert_due(period: StaleFlag) -> bool:
    return period.alerted_at is None or now() >= period.alerted_at + WEEK


def alert(period: StaleFlag, stale: Stale) -> None:
    """The next alert of the period. Its later ones go to the users that manage flags as well."""
    flag, escalates = stale.flag, period.alerts >= settings_queries.value(ESCALATE_AFTER)
    period.alerts, period.alerted_at = period.alerts + 1, now()
    if escalates and period.escalated_at is None:
        period.escalated_at = now()
    period.save()
    _send(
        flag,
        gettext("The flag {key} is stale").format(key=flag.key),
        "\n".join(
            (
                *stale.sentences,
                gettext("Retire it, and remove its uses in code; or extend it with a reason."),
                gettext("Alert {number} to {owner}.").format(number=period.alerts, owner=flag.owner),
            )
        ),
        to=(flag.owner, *(managers() if escalates else ())),
    )


def alert_end(flag: Flag) -> None:
    """Of a period. The issue of the flag stays open until the flag is retired."""
    subject = gettext("The flag {key} is no longer stale").format(key=flag.key)
    _send(flag, subject, gettext("It was changed, extended or used."), to=(flag.owner,))


def alert_retirement(flag: Flag) -> None:
    """Closes the issue of a flag that was stale at some time. Once."""
    if not notices.notice_with_key(_retirement_key(flag)):
        subject = gettext("The flag {key} is retired").format(key=flag.key)
        text = gettext("Remove its uses in code: manage.py flags references")
        _send(flag, subject, text, to=(flag.owner,), key=_retirement_key(flag), closes=True)


def retired_with_open_issue() -> list[Flag]:
    """Those retired in the last month that were stale at some time."""
    retired = Flag.objects.filter(retired_at__gte=now() - CLOSING, key__in=StaleFlag.objects.values("key"))
    return [flag for flag in retired.order_by("key") if not notices.notice_with_key(_retirement_key(flag))]


def _retirement_key(flag: Flag) -> str:
    return f"{KIND}:retired:{flag.key}"


def managers() -> list[str]:
    """The addresses of the users that may change flags."""
    users = User.objects.filter(is_active=True).order_by("pk")
    return sorted(user.email.lower() for user in users if user.has_perm(MANAGE))


def _send(
    flag: Flag, subject: str, text: str, *, to: tuple[str, ...], key: str = "", closes: bool = False
) -> None:
    command = SendAnnouncement(
        kind=KIND,
        subject=subject,
        text=text,
        to=tuple(dict.fromkeys(to)),
        key=key,
        topic=topic_of(flag.key),
        closes_topic=closes,
    )
    dispatch(command, actor=SYSTEM)
