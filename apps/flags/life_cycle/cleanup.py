"""Retired flags that code still refers to: a notice to each owner once a quarter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from apps.bus import dispatch
from apps.flags import references
from apps.flags.models import Flag
from apps.flags.policies import day_of_expiry
from apps.flags.references import Reference
from apps.kernel.actors import System
from apps.notices import queries as notices
from apps.notices.commands import SendAnnouncement
from apps.notices.rules import MAX_TEXT_LENGTH

SYSTEM = System("System (feature flags)")
KIND = "feature_flag.references"


@dataclass(frozen=True)
class Leftover:
    """A retired flag with the places that still refer to it."""

    flag: Flag
    uses: Sequence[Reference]

    def __str__(self) -> str:
        return "\n".join((self.flag.key, *(f"  {use}" for use in self.uses)))


def leftovers() -> Mapping[str, Sequence[Leftover]]:
    """By owner."""
    retired = Flag.objects.exclude(retired_at=None).order_by("owner", "key")
    uses = references.by_key(references.references()) if retired else {}
    by_owner: dict[str, list[Leftover]] = {}
    for flag in retired:
        if flag.key in uses:
            by_owner.setdefault(flag.owner, []).append(Leftover(flag, uses[flag.key]))
    return by_owner


def announce_leftovers() -> int:
    """Once a quarter and owner, by the key of the notice. Returns the number of notices."""
    day = day_of_expiry()
    quarter = f"{day:%Y}-Q{(day.month + 2) // 3}"
    sent = 0
    for owner, items in leftovers().items():
        key = f"{KIND}:{quarter}:{owner}"[:200]
        if notices.notice_with_key(key):
            continue
        command = SendAnnouncement(
            kind=KIND,
            subject=gettext("Retired flags in code, {quarter}: {count}").format(
                quarter=quarter, count=len(items)
            ),
            text="\n".join(map(str, items))[:MAX_TEXT_LENGTH],
            to=(owner,),
            key=key,
        )
        dispatch(command, actor=SYSTEM)
        sent += 1
    return sent
