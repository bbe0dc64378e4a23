"""Notification of the administrators of a tenant, a step of most sagas."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from apps.bus import dispatch, handles
from apps.notices import queries as notices
from apps.notices.commands import SendAnnouncement
from apps.notices.hooks import declare_kind
from apps.operations import queries
from apps.operations.commands import NotifyAdministrators
from apps.tenancy import queries as tenants

STATE_CHANGED = declare_kind("tenant.state_changed", _("you administer the tenant"), "platform")
MESSAGES = {
    "suspended": _(
        "{name} is suspended: its users cannot sign in for now. No data is lost."
        " Administrators can sign in to see the plan: {link}"
    ),
    "activated": _("{name} is active again: {link}"),
    "archived": _(
        "{name} is archived: it is read-only from now on, and your data is retained."
        " Administrators can sign in and read it: {link}"
    ),
    "queued for deletion": _(
        "{name} and all its data will be erased after {day}. Until then the erasure can be cancelled."
    ),
    "retained": _("The erasure of {name} was cancelled. The tenant is archived, and your data is retained."),
}


def _prerequisites(command: NotifyAdministrators) -> None:
    tenants.tenant_with_id(command.tenant_id)


@handles(NotifyAdministrators, dry_run=_prerequisites)
def notify_administrators(command: NotifyAdministrators) -> int:
    """Once for each transition, from the platform, since workers do not run in a closed tenant."""
    tenant = tenants.tenant_with_id(command.tenant_id)

    message = MESSAGES[command.change].format(
        name=tenant.name, day=tenant.delete_after, link=f"{settings.PUBLIC_URL}/t/{tenant.slug}/"
    )
    emails = queries.administrator_emails(tenant)
    key = f"tenant:{tenant.pk}:{command.change}:{tenant.state_since}"
    if not notices.notice_with_key(key):
        dispatch(
            SendAnnouncement(
                kind=STATE_CHANGED.name,
                subject=" ".join(f"{tenant.name}: {command.change}".split()),
                text=f"{message}\n\n{command.reason[:2_000]}",
                to=tuple(emails),
                transports=("email",),
                key=key,
            )
        )

    return len(emails)
