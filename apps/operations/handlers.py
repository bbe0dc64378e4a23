"""What journeys have done by operations itself. The journeys stand in sagas/."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import send_mail

from apps.bus import handles

from . import queries, rules
from .commands import TellAdministrators

LETTERS = {
    "suspended": "{name} is suspended: nobody can sign in for the time being, and nothing of your data is lost.",
    "activated": "{name} is open again: {link}",
    "archived": "{name} is archived: nobody can sign in any more. Your data is kept.",
    "queued for deletion": "{name} will be erased after {day}, with everything in it. Until then it can be called off.",
    "kept": "The erasure of {name} was called off. It is archived, and your data is kept.",
}


def _prerequisites(command: TellAdministrators) -> None:
    rules.tenant_must_be_known(command.tenant_id)


@handles(TellAdministrators, rehearsal=_prerequisites)
def tell_administrators(command: TellAdministrators) -> int:
    """Each once, and whoever is told twice after a crash has lost nothing."""
    tenant = rules.tenant_must_be_known(command.tenant_id)

    said = LETTERS[command.news].format(
        name=tenant.name, day=tenant.delete_after, link=f"{settings.PUBLIC_URL}/t/{tenant.slug}/"
    )
    people = queries.administrators(tenant)
    for address in people:
        send_mail(f"{tenant.name}: {command.news}", f"{said}\n\n{command.reason}", None, [address])

    return len(people)
