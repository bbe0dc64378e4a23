"""A notice to those who keep the books when work waits because it cannot be booked."""

from __future__ import annotations

import hashlib

from django.utils.translation import gettext

from apps.bus import dispatch
from apps.kernel.actors import System
from apps.kernel.errors import Refusal
from apps.notices import queries as notices
from apps.notices.commands import SendAnnouncement
from apps.periods import queries as periods
from apps.periods.errors import NoOpenDay
from apps.settings.business_day import business_day

from .errors import BookingImpossible

IMPOSSIBLE_BOOKING = "booking.impossible"
"""The kind of the notices."""
LEDGER_SYSTEM = System("System (ledger)")


def announce_postponed_booking(refusal: Refusal) -> None:
    """Once a week for the same obstacles, by the key of the notice."""
    if not isinstance(refusal, BookingImpossible | NoOpenDay):
        return
    codes = refusal.context.get("codes", [refusal.code])
    digest = hashlib.sha256(repr(codes).encode()).hexdigest()[:16]
    key = f"{IMPOSSIBLE_BOOKING}:{digest}:{business_day():%G-W%V}"
    if notices.notice_with_key(key):
        return
    command = SendAnnouncement(
        kind=IMPOSSIBLE_BOOKING,
        subject=gettext("Bookings wait: an account or an open period is missing"),
        text=gettext("{refusal} What waits is booked automatically once this is corrected.").format(
            refusal=refusal
        ),
        to=periods.notified_roles(),
        key=key,
    )
    dispatch(command, actor=LEDGER_SYSTEM)
