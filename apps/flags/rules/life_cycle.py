"""Rules of extensions and retirement."""

from __future__ import annotations

import datetime as dt

from django.utils.translation import gettext, ngettext

from apps.flags.errors import ExtensionRefused, FlagIsRetired, FlagNotFound, RolloutInProgress
from apps.flags.models import Flag, Rollout
from apps.flags.policies import policy_of


def flag_with_id_must_be_in_use(flag_id: int) -> Flag:
    """Locks the row."""
    flag = Flag.objects.select_for_update(no_key=True).filter(pk=flag_id).first()
    if flag is None:
        raise FlagNotFound(key=str(flag_id))
    if flag.is_retired:
        raise FlagIsRetired(key=flag.key)
    return flag


def extension_must_be_left(flag: Flag) -> None:
    """The policy of the category limits their number."""
    limit = policy_of(flag.category).max_extensions
    if limit is not None and flag.extensions >= limit:
        why = ngettext(
            "it was extended once, as often as its category allows; retire it.",
            "it was extended {count} times, as often as its category allows; retire it.",
            flag.extensions,
        ).format(count=flag.extensions)
        raise ExtensionRefused(key=flag.key, why=why)


def extension_must_be_later(flag: Flag, expires_on: dt.date) -> None:
    if expires_on <= flag.expires_on:
        raise ExtensionRefused(
            key=flag.key, why=gettext("it expires on {day} already.").format(day=flag.expires_on)
        )


def rollout_must_have_ended(flag: Flag) -> None:
    if Rollout.objects.filter(key=flag.key, state__in=Rollout.ACTIVE).exists():
        raise RolloutInProgress(key=flag.key)
