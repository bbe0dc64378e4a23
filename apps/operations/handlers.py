"""What journeys have done by operations itself. The journeys stand in sagas/."""

from __future__ import annotations

from django.conf import settings

from apps.bus import dispatch, handles
from apps.notices import queries as notices
from apps.notices.commands import SendAnnouncement
from apps.notices.hooks import declare_kind

from . import queries, rules
from .commands import TellAdministrators

TURNED = declare_kind("tenant.turned", "you are in charge there", "platform")
LETTERS = {
    "suspended": "{name} is suspended: nobody can work there for the time being, and nothing of your data is lost."
    " You can sign in to see its plan: {link}",
    "activated": "{name} is open again: {link}",
    "archived": "{name} is archived: nothing can be changed there any more. Your data is kept."
    " You can sign in and read it: {link}",
    "queued for deletion": "{name} will be erased after {day}, with everything in it. Until then it can be called off.",
    "kept": "The erasure of {name} was called off. It is archived, and your data is kept.",
}


def _prerequisites(command: TellAdministrators) -> None:
    rules.tenant_must_be_known(command.tenant_id)


@handles(TellAdministrators, dry_run=_prerequisites)
def tell_administrators(command: TellAdministrators) -> int:
    """Once for each turn, by letter: the platform tells it, since nobody works in a tenant that is closed."""
    tenant = rules.tenant_must_be_known(command.tenant_id)

    said = LETTERS[command.news].format(
        name=tenant.name, day=tenant.delete_after, link=f"{settings.PUBLIC_URL}/t/{tenant.slug}/"
    )
    people = queries.administrator_emails(tenant)
    key = f"tenant:{tenant.pk}:{command.news}:{tenant.state_since}"
    if not notices.notice_with_key(key):
        dispatch(
            SendAnnouncement(
                kind=TURNED.name,
                subject=" ".join(f"{tenant.name}: {command.news}".split()),
                text=f"{said}\n\n{command.reason[:2_000]}",
                to=tuple(people),
                transports=("email",),
                key=key,
            )
        )

    return len(people)
