"""The consequences of a transition in figures, for the preview of its page."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext

from .queries import Activity

Facts = Sequence[tuple[str | Promise, str | Promise]]


def closing_figures(activity: Activity, access: str) -> Facts:
    """`access` is what administrators of a closed tenant can still do."""
    return (
        (gettext("Users"), _access(activity, access)),
        (
            gettext("API sessions"),
            gettext("{sessions}, with all tokens, will end").format(
                sessions=_count(
                    activity.sessions, ngettext("{count:,} session", "{count:,} sessions", activity.sessions)
                )
            ),
        ),
        (gettext("Paused until activation"), pending(activity)),
        (
            gettext("Moved to cold storage"),
            _count(
                activity.audit_records,
                ngettext("{count:,} audit record", "{count:,} audit records", activity.audit_records),
            ),
        ),
        (gettext("Notified by e-mail"), recipients(activity)),
    )


def _access(activity: Activity, access: str) -> str:
    administrators = _count(
        activity.administrator_count,
        ngettext("{count:,} administrator", "{count:,} administrators", activity.administrator_count),
    )
    remaining = gettext("{administrators} can still sign in and {access}").format(
        administrators=administrators, access=access
    )
    if activity.administrators_only:
        return gettext("have no access already; {remaining}").format(remaining=remaining)
    return gettext("{users:,} of {activity_users:,} lose access; {remaining}").format(
        users=activity.users - activity.administrator_count,
        activity_users=activity.users,
        remaining=remaining,
    )


def pending(activity: Activity) -> str:
    return ", ".join(
        (
            _count(
                activity.deliveries,
                ngettext("{count:,} delivery", "{count:,} deliveries", activity.deliveries),
            ),
            _count(
                activity.webhook_messages,
                ngettext(
                    "{count:,} webhook message", "{count:,} webhook messages", activity.webhook_messages
                ),
            ),
            _count(
                activity.scheduled_tasks,
                ngettext("{count:,} scheduled task", "{count:,} scheduled tasks", activity.scheduled_tasks),
            ),
        )
    )


def recipients(activity: Activity) -> str:
    return ", ".join(activity.administrator_emails)


def _count(number: int, text: str) -> str:
    return text.format(count=number)
