"""The audit log on the dashboards of both consoles."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.audit import queries
from apps.console import hooks
from apps.kernel.notation.shown import shown_instant

VIEW_PERMISSION = "audit.view_record"
VIEW_INTEGRITY_PERMISSION = "audit.view_segment"


def _integrity() -> hooks.Reading:
    seal = queries.seal()
    state = {None: gettext("not verified yet"), True: gettext("verified"), False: gettext("BROKEN")}
    note = gettext("{records:,} records sealed, {waiting:,} not yet").format(
        records=seal.records, waiting=seal.waiting
    )
    return hooks.Reading(state[seal.intact], note)


def _latest() -> list[list[Any]]:
    return [
        [
            shown_instant(record.at),
            (record.shown_sentence, reverse("admin:audit_record_change", args=[record.pk])),
        ]
        for record in queries.latest(8)
    ]


for _plane in hooks.PLANES:
    hooks.plug(
        _plane,
        hooks.Figure(
            title=_("Audit log"),
            permission=VIEW_INTEGRITY_PERMISSION,
            icon="verified",
            read=_integrity,
            link="admin:audit_integrity",
        ),
        hooks.Table(
            title=_("Latest in the audit log"),
            permission=VIEW_PERMISSION,
            headers=(_("When"), _("Action")),
            rows=_latest,
            empty=_("Actions of users and of the system appear here."),
            link="admin:audit_record_changelist",
        ),
    )
