"""Figures of the dashboard, hits of the palette, and the records that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from apps.console import hooks
from apps.console.related import Kind, describe, page_of, relate
from apps.flags.models import ChangeSet, Flag, Kill, StaleFlag
from apps.flags.module import VIEW, VIEW_CHANGE_SETS, VIEW_KILLS
from apps.flags.search import FLAGS
from apps.kernel.notation.shown import shown_instant


def active_kills() -> hooks.Reading:
    return hooks.Reading(Kill.objects.filter(revived_at=None).count())


def stale_flags() -> hooks.Reading:
    keys = StaleFlag.objects.filter(ended_at=None).values("key")
    return hooks.Reading(Flag.objects.filter(key__in=keys).count())


def _hits(flags: Sequence[Flag], may: Any) -> Sequence[hooks.SearchHit]:
    return [
        hooks.SearchHit(
            flag.key,
            hooks.described(_("Feature flag"), flag.get_category_display(), flag.owner),
            page_of(flag),
            "flag",
        )
        for flag in flags
    ]


def _change_sets(flag: Flag) -> QuerySet[ChangeSet]:
    return ChangeSet.objects.filter(revisions__kind="flag", revisions__key=flag.key).order_by("-id")


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.Figure(
            title=_("Killed flags"),
            permission=VIEW_KILLS,
            icon="power_settings_new",
            read=active_kills,
            link="admin:flags_kill_changelist",
            query="?active=yes",
        ),
    )
hooks.plug(
    "operator",
    hooks.Figure(
        title=_("Stale flags"),
        permission=VIEW,
        icon="flag",
        read=stale_flags,
        link="admin:flags_flag_changelist",
        query="?stale=yes",
    ),
    hooks.RowSearch(
        permission=VIEW,
        search=FLAGS,
        rows=lambda: Flag.objects.order_by("key"),
        hits=_hits,
    ),
)
describe(
    Kind(
        model="flags.kill",
        title=_("Kills"),
        permission=VIEW_KILLS,
        headers=(_("Killed"), _("By"), _("Reason"), _("Ended")),
        cells=lambda kill: (
            shown_instant(kill.killed_at),
            kill.killed_by_name,
            kill.reason,
            shown_instant(kill.revived_at) if kill.revived_at else "—",
        ),
    ),
    Kind(
        model="flags.changeset",
        title=_("Change sets"),
        permission=VIEW_CHANGE_SETS,
        headers=(_("Change set"), _("State"), _("By"), _("Reason")),
        cells=lambda change_set: (
            str(change_set),
            change_set.get_state_display(),
            change_set.author_name,
            change_set.reason,
        ),
    ),
    Kind(
        model="flags.flag",
        title=_("Flag"),
        permission=VIEW,
        headers=(_("Flag"), _("Category"), _("Owner")),
        cells=lambda flag: (flag.key, flag.get_category_display(), flag.owner),
    ),
)
relate(
    "flags.flag",
    "flags.kill",
    others_of=lambda flag: Kill.objects.filter(key=flag.key).order_by("-id"),
    ones_of=lambda kill: Flag.objects.filter(key=kill.key),
)
relate(
    "flags.flag",
    "flags.changeset",
    others_of=_change_sets,
    ones_of=lambda change_set: Flag.objects.filter(
        key__in=change_set.revisions.filter(kind="flag").values("key")
    ).order_by("key"),
)
